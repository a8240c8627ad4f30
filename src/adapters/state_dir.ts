/**
 * The directory of a node's memory (`state_dir`, ELECTION.md rule 8). All of it is synchronous: a Grant must not
 * leave before what it grants is on the disk. Nothing doubtful is ever trusted: a file that cannot be read
 * right is set aside, and after a save that failed the older file is taken away, because a node that remembers
 * an older promise than its last one is worse off than a node that knows that it remembers nothing.
 */
import { err, ok, type Result } from "../base/result.ts";
import type { Durable } from "../node/events.ts";
import { decodeState, encodeState, MAX_FILE_OCTETS, type StateOwner } from "./state_file.ts";
import { type DirLock, lockDir } from "./dir_lock.ts";

/** The directory that remembers over restarts. */
export interface StateDir {
  /**
   * The memory, or null where there is none yet. An error: there was one that cannot be trusted; it has been
   * set aside as `state.corrupt-N`, and the node starts without memory. One sentence for the log.
   */
  load(): Result<Durable | null, string>;
  /** On the disk when it returns. An error: one sentence, which also tells whether an older memory is left. */
  save(memory: Durable): Result<void, string>;
  /** Lets another process have the directory. */
  close(): void;
}

/** Files set aside at most; the last one is overwritten then. */
const MAX_SET_ASIDE = 20;

/** Makes the directory (0700) where it is missing, and takes it for this process alone. */
export function openStateDir(options: StateOwner & { readonly path: string }): Result<StateDir, string> {
  const { path } = options;
  try {
    Deno.mkdirSync(path, { recursive: true, mode: 0o700 });
  } catch (error) {
    return err(`state_dir ${path} cannot be made: ${reasonOf(error)}`);
  }
  const lock = lockDir(path, `node ${options.self} of cluster ${options.clusterName}`);
  return lock.ok ? ok(new Directory(path, options, lock.value)) : lock;
}

class Directory implements StateDir {
  readonly #path: string;
  readonly #owner: StateOwner;
  readonly #lock: DirLock;
  readonly #file: string;
  readonly #fresh: string;

  constructor(path: string, owner: StateOwner, lock: DirLock) {
    this.#path = path;
    this.#owner = owner;
    this.#lock = lock;
    this.#file = `${path}/state`;
    this.#fresh = `${path}/state.new`;
  }

  load(): Result<Durable | null, string> {
    let file: Uint8Array;
    try {
      const { size, isFile } = Deno.statSync(this.#file);
      if (!isFile || size > MAX_FILE_OCTETS) return this.#setAside("it is no file of ours");
      file = Deno.readFileSync(this.#file);
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return ok(null);
      return this.#setAside(`it cannot be read: ${reasonOf(error)}`);
    }
    const memory = decodeState(this.#owner, file);
    return memory.ok ? memory : this.#setAside(memory.error);
  }

  save(memory: Durable): Result<void, string> {
    try {
      writeDurably(this.#fresh, encodeState(this.#owner, memory));
      Deno.renameSync(this.#fresh, this.#file);
      this.#syncDir();
      return ok(undefined);
    } catch (error) {
      return err(`${this.#file} cannot be written: ${reasonOf(error)}; ${this.#forget()}`);
    }
  }

  close(): void {
    this.#lock.release();
  }

  /** After a failed save: nobody may take the older memory for the present one. */
  #forget(): string {
    try {
      removeIfThere(this.#fresh);
      removeIfThere(this.#file);
      this.#syncDir();
      return "the older memory has been removed: after a restart this node remembers nothing";
    } catch (error) {
      return `the older memory cannot be removed either (${reasonOf(error)}): ` +
        "remove it by hand before this node is started again";
    }
  }

  #setAside(reason: string): Result<never, string> {
    let to = "";
    for (let n = 1; n <= MAX_SET_ASIDE; n++) {
      to = `${this.#file}.corrupt-${n}`;
      if (!exists(to)) break;
    }
    try {
      Deno.renameSync(this.#file, to);
      this.#syncDir();
      return err(`${this.#file} is not trusted (${reason}) and has been set aside as ${to}`);
    } catch (error) {
      return err(`${this.#file} is not trusted (${reason}), nor can it be set aside: ${reasonOf(error)}`);
    }
  }

  /** Makes renames and removals last over a power cut. */
  #syncDir(): void {
    if (Deno.build.os === "windows") return; // a directory cannot be opened there
    const dir = Deno.openSync(this.#path, { read: true });
    try {
      dir.syncSync();
    } finally {
      dir.close();
    }
  }
}

/** Readable by its owner alone: what it holds is no secret, but nobody else's business. */
function writeDurably(path: string, content: Uint8Array): void {
  const file = Deno.openSync(path, { write: true, create: true, truncate: true, mode: 0o600 });
  try {
    for (let at = 0; at < content.length;) at += file.writeSync(content.subarray(at));
    file.syncSync();
  } finally {
    file.close();
  }
}

function exists(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return true;
  } catch {
    return false;
  }
}

function removeIfThere(path: string): void {
  try {
    Deno.removeSync(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

/** Without what the runtime says for programmers: system calls, numbers, flags of its own. */
function reasonOf(error: unknown): string {
  if (error instanceof Deno.errors.PermissionDenied) {
    return "permission denied for the user that abfail runs as";
  }
  // Folders of the kernel's, such as /proc and /dev: the runtime asks for more than this program may.
  if (error instanceof Deno.errors.NotCapable) return "it is in a folder of the system's own; take another";
  if (error instanceof Deno.errors.NotADirectory) return "a part of the path is a file, no folder";
  return error instanceof Error ? error.message : String(error);
}
