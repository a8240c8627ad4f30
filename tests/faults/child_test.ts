import { Child } from "./child.ts";

Deno.test("a process that is killed and never stopped leaves no open stdin behind", async () => {
  const child = new Child({ program: "cat", args: [] }, []);
  await child.tell({ some: "line" });
  child.kill("SIGKILL");
  await child.ended; // the sanitizer looks for what is still open
});
