/** How many files and sockets this process may have open (RLIMIT_NOFILE). */

/**
 * Asks the shell: the runtime has no call for it, and reading /proc needs every permission there is. Null where there is
 * no shell. The hard limit: the runtime raises its own to that.
 */
export function openFileLimit(): number | null {
  if (Deno.build.os === "windows") return null;
  try {
    const asked = new Deno.Command("sh", { args: ["-c", "ulimit -Hn"], stdin: "null", stderr: "null" });
    const { success, stdout } = asked.outputSync();
    const said = new TextDecoder().decode(stdout).trim();
    if (said === "unlimited") return Infinity;
    return success && /^[0-9]{1,15}$/.test(said) ? Number(said) : null;
  } catch (problem) {
    const code = problem instanceof Error && "code" in problem ? problem.code : null;
    return code === "EMFILE" ? 0 : null; // not even for that
  }
}
