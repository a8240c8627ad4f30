/** One process at a time in a directory: a lock of the system (flock), which ends with the process. */
import { err, ok, type Result } from "../base/result.ts";

export interface DirLock {
  release(): void;
}

/**
 * Takes the directory, or says who has it. `who` is what others read, such as `node 1 of cluster prod`. The file
 * `lock` stays behind: removing it would let two processes hold two files of that name.
 */
export function lockDir(path: string, who: string): Result<DirLock, string> {
  const name = `${path}/lock`;
  let file: Deno.FsFile | null = null;
  try {
    file = Deno.openSync(name, { read: true, write: true, create: true, mode: 0o600 });
    if (!file.tryLockSync(true)) {
      const other = firstWords(file);
      file.close();
      return err(`state_dir ${path} is in use by ${other || "another process"}: each node needs its own`);
    }
  } catch (error) {
    file?.close();
    return err(`${name} cannot be locked: ${error instanceof Error ? error.message : String(error)}`);
  }
  const held = file;
  note(held, `${who}, process ${Deno.pid}`);
  return ok({
    release: () => {
      note(held, "");
      // Closing alone is not enough: a program being started just now holds a copy of the file until it runs.
      held.unlockSync();
      held.close();
    },
  });
}

/** Says in the file who holds it. The lock counts, not the text: on a full disk there is none. */
function note(file: Deno.FsFile, text: string): void {
  try {
    file.truncateSync(0);
    file.writeSync(new TextEncoder().encode(text));
  } catch {
    // the other process will be called "another process"
  }
}

/** What the holder wrote, made fit to be shown. */
function firstWords(file: Deno.FsFile): string {
  const buffer = new Uint8Array(256);
  const length = file.readSync(buffer) ?? 0;
  return new TextDecoder().decode(buffer.subarray(0, length)).replace(/[^\x20-\x7e\u00a0-\uffff]/g, " ")
    .trim();
}
