/** Debian's `promtool` (package prometheus), the judge of metrics and of alert rules. */

/** Whether a test must be ignored because there is no promtool; says so. */
export function ignoreWithout(): boolean {
  try {
    return !new Deno.Command("promtool", { args: ["--version"], stdout: "null", stderr: "null" }).outputSync()
      .success;
  } catch {
    console.log("promtool is not installed (Debian: apt-get install prometheus): its tests are ignored");
    return true;
  }
}

/** Runs promtool with `input` as its standard input. `text` is all that it said. */
export async function promtool(
  args: readonly string[],
  input: string,
): Promise<{ readonly code: number; readonly text: string }> {
  const child = new Deno.Command("promtool", {
    args: [...args],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(input));
  await writer.close();
  const { code, stdout, stderr } = await child.output();
  const decoder = new TextDecoder();
  return { code, text: decoder.decode(stdout) + decoder.decode(stderr) };
}
