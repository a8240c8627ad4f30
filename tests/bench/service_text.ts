/** A service of two copies, both at one port of this machine, for a config. `settings`: lines of the service's own. */
export function serviceText(
  name: string,
  port: number,
  { check, settings = "" }: { readonly check: string; readonly settings?: string },
): string {
  return `[[services]]
name = "${name}"
${settings}
[services.check]
type = "http"
${check}
[[services.targets]]
name = "a"
address = "127.0.0.1:${port}"
[[services.targets]]
name = "b"
address = "127.0.0.1:${port}"
`;
}
