/** Where a file of the config is: by its path, relative to the config, or as a credential that systemd hands over. */
import type { ConfigReader } from "./config_reader.ts";

/** How a credential is written: `credential:NAME` (systemd.exec(5), LoadCredential=). */
const CREDENTIAL = "credential:";
/** The folder in which systemd puts them, for this service alone. */
const FOLDER = "CREDENTIALS_DIRECTORY";

/**
 * A path to read. A relative one starts at the config's folder: a daemon's own working folder is anyone's guess. A
 * credential that is not here stays as it was written.
 */
export function locate(file: string, path: string, io: ConfigReader): string {
  if (path.startsWith(CREDENTIAL)) {
    const name = path.slice(CREDENTIAL.length);
    const folder = io.env(FOLDER) ?? "";
    return folder.startsWith("/") && /^[A-Za-z0-9_-][A-Za-z0-9._-]{0,254}$/.test(name)
      ? `${folder}/${name}`
      : path;
  }
  return path.startsWith("/") ? path : file.slice(0, file.lastIndexOf("/") + 1) + path;
}

/** True for a credential that is not here: `check` may run outside of the service. */
export function isAbsentCredential(path: string): boolean {
  return path.startsWith(CREDENTIAL);
}

/** Reads; a credential that is not here is explained. */
export function readLocated(path: string, io: ConfigReader): ReturnType<ConfigReader["readTextFile"]> {
  if (!isAbsentCredential(path)) return io.readTextFile(path);
  return {
    ok: false,
    error: `systemd hands it to the service alone (LoadCredential=), ${FOLDER} is not set here`,
  };
}

/** Read by others than owner and group, or written by any but the owner: what no secret's file should be. */
export const OPEN = 0o027;

/** What to say when others may read a secret's file; null when they may not, or that cannot be told. */
export function modeWarning(path: string, io: ConfigReader): string | null {
  const mode = io.mode?.(path) ?? null;
  const folder = io.env(FOLDER) ?? "";
  // systemd's own folder: its access lists show up as a mode for the group
  if (mode === null || (mode & OPEN) === 0 || (folder !== "" && path.startsWith(`${folder}/`))) return null;
  const octal = (mode & 0o777).toString(8).padStart(4, "0");
  return `${path} is a secret and others on this machine may read it (mode ${octal}): chmod 600`;
}

/** What to say of a program that cannot be run here; null when it can, or is looked for by its name alone. */
export function programWarning(program: string, io: ConfigReader): string | null {
  if (!program.startsWith("/") || io.mode === undefined) return null;
  const mode = io.mode(program);
  if (mode === null) return `there is no ${program} here: it must be on every node`;
  const isFolder = (mode & 0o170000) === 0o040000;
  if (!isFolder && (mode & 0o111) !== 0) return null;
  return `${program} is ${isFolder ? "a folder" : "not executable here: chmod +x"}`;
}
