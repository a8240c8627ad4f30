/** `abfail completions`: scripts for shells, made from the commands themselves. */
import { unreachable } from "../base/assert.ts";
import type { CommandSpec, OptionSpec } from "./command_spec.ts";
import type { CompletionsOptions } from "./dispatch.ts";
import { print } from "./output.ts";

/** Prints the script for one shell. */
export function completionsCommand({ shell, commands }: CompletionsOptions): Promise<number> {
  print(completionScript(shell, commands));
  return Promise.resolve(0);
}

/** The script for one shell. */
export function completionScript(
  shell: CompletionsOptions["shell"],
  commands: readonly CommandSpec[],
): string {
  switch (shell) {
    case "bash":
      return bash(commands);
    case "zsh":
      return zsh(commands);
    case "fish":
      return fish(commands);
    default:
      return unreachable(shell);
  }
}

function bash(commands: readonly CommandSpec[]): string {
  const names = commands.map((command) => command.name).join(" ");
  const cases = commands.map((command) => {
    const flags = [...command.options.flatMap((option) => option.flags), ...command.words].join(" ");
    const asks = asksForNames(command) ? ' && [[ $current == -* ]] || words="$(_abfail_names)"' : "";
    const values = command.options.flatMap((option) => {
      const reply = bashReply(option);
      return reply === null ? [] : [`        ${option.flags.join("|")}) ${reply}; return ;;`];
    });
    const inner = values.length === 0 ? [] : ['      case "$previous" in', ...values, "      esac"];
    return [`    ${command.name})`, ...inner, `      words="${flags}"${asks} ;;`].join("\n");
  });
  return `# bash completion for abfail
_abfail_names() {
  "\${COMP_WORDS[0]}" names "\${COMP_LINE:0:COMP_POINT}" </dev/null 2>/dev/null
}
_abfail() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}" words=""
  COMPREPLY=()
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W "${names} help --help --version" -- "$current"))
    return
  fi
  case "\${COMP_WORDS[1]}" in
${cases.join("\n")}
    help) words="${names}" ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o filenames -F _abfail abfail
`;
}

function bashReply({ value }: OptionSpec): string | null {
  switch (value.kind) {
    case "none":
      return null;
    case "any":
      return "COMPREPLY=()";
    case "file":
      return 'COMPREPLY=($(compgen -f -- "$current"))';
    case "words":
      return `COMPREPLY=($(compgen -W "${value.words.join(" ")}" -- "$current"))`;
    case "names":
      return 'COMPREPLY=($(compgen -W "$(_abfail_names)" -- "$current"))';
  }
}

function zsh(commands: readonly CommandSpec[]): string {
  const names = commands.map((command) => `    ${quoted(`${command.name}:${command.summary}`)}`);
  const cases = commands.map((command) => {
    const options = command.options.map((option) => `        ${zshOption(option)}`);
    const words = asksForNames(command)
      ? [`        ${quoted("*:name:_abfail_names")}`]
      : command.words.length === 0
      ? []
      : [`        ${quoted(`:what:(${command.words.join(" ")})`)}`];
    return [`    ${command.name})`, "      _arguments \\", [...options, ...words].join(" \\\n"), "      ;;"]
      .join("\n");
  });
  return `#compdef abfail
_abfail_names() {
  local -a names
  names=(\${(f)"$($abfail_program names "$abfail_line" </dev/null 2>/dev/null)"})
  (( $#names )) && compadd -a names
}
_abfail() {
  local -a commands
  commands=(
${names.join("\n")}
  )
  if (( CURRENT == 2 )); then
    _describe command commands
    return
  fi
  local command=$words[2] abfail_program=$words[1] abfail_line="\${(j: :)words[1,CURRENT]}"
  shift words
  (( CURRENT-- ))
  case $command in
${cases.join("\n")}
  esac
}
if [ "$funcstack[1]" = "_abfail" ]; then
  _abfail "$@"
else
  compdef _abfail abfail
fi
`;
}

function zshOption({ flags, summary, value }: OptionSpec): string {
  const text = summary.replaceAll(/[[\]:\\]/g, "\\$&");
  const tail = value.kind === "none"
    ? ""
    : value.kind === "file"
    ? ":file:_files"
    : value.kind === "words"
    ? `:value:(${value.words.join(" ")})`
    : value.kind === "names"
    ? ":node:_abfail_names"
    : ":value: ";
  const spec = quoted(`[${text}]${tail}`);
  return flags.length === 1 ? `${flags[0]}${spec}` : `{${flags.join(",")}}${spec}`;
}

function fish(commands: readonly CommandSpec[]): string {
  const names = commands.map(({ name, summary }) =>
    `complete -c abfail -n __fish_use_subcommand -f -a ${name} -d ${quoted(summary)}`
  );
  const rest = commands.flatMap((command) => {
    const { name, options, words } = command;
    const within = `complete -c abfail -n ${quoted(`__fish_seen_subcommand_from ${name}`)}`;
    const lines = options.map((option) => `${within} ${fishOption(option)}`);
    if (asksForNames(command)) return [...lines, `${within} -f -a ${FISH_NAMES}`];
    return words.length === 0 ? lines : [...lines, `${within} -f -a ${quoted(words.join(" "))}`];
  });
  return ["# fish completion for abfail", "complete -c abfail -f", ...names, ...rest, ""].join("\n");
}

/** What was typed goes to the program, which says what may come next. */
const FISH_NAMES = "'(abfail names (commandline -cp) 2>/dev/null)'";

function fishOption({ flags, summary, value }: OptionSpec): string {
  const names = flags.map((flag) => flag.startsWith("--") ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`);
  const tail = value.kind === "none"
    ? []
    : value.kind === "file"
    ? ["-r -F"]
    : value.kind === "words"
    ? [`-x -a ${quoted(value.words.join(" "))}`]
    : value.kind === "names"
    ? [`-x -a ${FISH_NAMES}`]
    : ["-x"];
  return [...names, ...tail, `-d ${quoted(summary)}`].join(" ");
}

/** True for commands whose arguments are names of the config. */
function asksForNames(command: CommandSpec): boolean {
  return command.arguments.some(({ name }) => name === "service" || name === "target");
}

/** In single quotes, for any of the three shells. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", "’")}'`;
}
