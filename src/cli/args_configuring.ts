/** `init`, `check`, `probe`, `notify`, `keygen` and `schema`: their options. */
import { type Finish, lacksConfig } from "./args_reach.ts";
import { type Command, Option } from "./commander.ts";
import type { Dispatch } from "./dispatch.ts";
import { EXTRAS, INIT_PUBLISHERS } from "./options.ts";
import { wholeNumber } from "./values.ts";

/** Adds them. */
export function addConfiguring(program: Command, dispatch: Dispatch, finish: Finish): void {
  program.commandsGroup("Configure:");
  addInit(program, dispatch, finish);
  program.command("check").description("is this config right, and what will it do?")
    .option("-c, --config <file>", "the config to check (required)")
    .option("--against <old>", "the config that runs now: is it safe to go from it to this one?")
    .option("--try-publishers", "read each publisher with these credentials, write nothing", false)
    .option("--json", "print one JSON document", false)
    .action(async ({ config, against = null, tryPublishers, json }, command) => {
      if (config === undefined) return lacksConfig(command);
      finish(await dispatch.check({ config, against, tryPublishers, json }));
    });
  program.command("probe").description("run a service's check once from here, and say what came back")
    .argument("<service>", "name of the service")
    .argument("[target]", "name of one target; all of them when absent")
    .option("-c, --config <file>", "the config (required)")
    .option("--json", "print one JSON document", false)
    .action(async (service, target, { config, json }, command) => {
      if (config === undefined) return lacksConfig(command);
      finish(await dispatch.probe({ config, service, target: target ?? null, json }));
    });
  program.command("notify").description(
    "send a test message to everyone in [[notify]], and say what they answered",
  )
    .option("-c, --config <file>", "the config (required)")
    .option("--test", "send it (required)", false)
    .option("--json", "print one JSON document", false)
    .action(async ({ config, test, json }, command) => {
      if (config === undefined) return lacksConfig(command);
      if (!test) return command.error("error: option '--test' is needed: it sends a message to everyone");
      finish(await dispatch.notify({ config, json }));
    });
  program.command("keygen").description("print a fresh cluster key")
    .action(async () => finish(await dispatch.keygen()));
  program.command("schema").description("print the JSON Schema of the config, for editors")
    .action(async () => finish(await dispatch.schema()));
}

function addInit(program: Command, dispatch: Dispatch, finish: Finish): void {
  const collect = (text: string, before: readonly string[]): readonly string[] => [...before, text];
  program.command("init").description(
    "a commented config with a fresh key: asks at a terminal, or takes options",
  )
    .option("--name <name>", "name of the cluster")
    .option("--node <[zone=]address>", "a node, such as nyc1=10.0.1.10; once for each", collect, [])
    .option("--service <name>", "name of the service")
    .option("--check <type>", "how it is checked, such as http:8080/healthz or tcp:5432")
    .option(
      "--target <name=address>",
      "a copy of it, such as nyc1=10.0.1.20, the preferred one first; ,PUBLISHED behind it where that differs",
      collect,
      [],
    )
    .option("--publisher <type>", `where the answer is published: ${INIT_PUBLISHERS.join(", ")}`)
    .option("--record <name>", "the name that clients ask for")
    .option("--zone <name>", "the zone that holds it, where that is not the name without its first part")
    .option("--server <host>", "rfc2136: the name server that takes updates")
    .option("--api-url <url>", "powerdns: the web address of its API")
    .option("--zone-id <id>", "route53: the hosted zone")
    .option("--access-key-id <id>", "route53: the access key; its secret stays in a file or variable")
    .option("--project <id>", "google-dns: the project")
    .option("--managed-zone <name>", "google-dns: the managed zone")
    .option("--ip <address>", "digitalocean-reserved-ip, hetzner-floating-ip: the address that moves")
    .option(
      "--machine <target=number>",
      "with --ip: the droplet or server behind a target, such as nyc1=3164444; once for each",
      collect,
      [],
    )
    .option("--url <url>", "webhook: where to POST what is to be published")
    .option("--command <words>", "exec: program and arguments that make it so; no shell reads them")
    .option("--token-file <file>", "where each node has the credential; it never stands in the config itself")
    .option("--token-env <name>", "or the variable of the environment that holds it")
    .option("--nodes <n>", "how many nodes the example is to have", wholeNumber(2, 64))
    .option("-y, --yes", "ask nothing: what is not given is the example's", false)
    .option("-o, --output <file>", "write it to a new file that only you can read")
    .addOption(
      new Option(
        "--with <extra>",
        "instead of a config: Prometheus alert rules, a Grafana dashboard, or a systemd unit",
      )
        .choices(EXTRAS).conflicts("nodes"),
    )
    .action(async (given) => {
      const { nodes = null, output = null, with: extra = null, name = null, service = null } = given;
      const { check = null, publisher = null, record = null, zone = null } = given;
      const { node, target, machine, yes, tokenFile = null, tokenEnv = null } = given;
      const { server, apiUrl, zoneId, accessKeyId, project, managedZone, ip, url, command } = given;
      const words = { server, apiUrl, zoneId, accessKeyId, project, managedZone, ip, url, command };
      const details = Object.fromEntries(Object.entries(words).filter(([, value]) => value !== undefined));
      finish(
        await dispatch.init({
          ...{
            nodes,
            output,
            extra,
            name,
            node,
            service,
            check,
            target,
            publisher,
            record,
            zone,
            details,
            machine,
            tokenFile,
            tokenEnv,
            yes,
          },
        }),
      );
    });
}
