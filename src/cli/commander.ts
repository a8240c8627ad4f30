/** The one door to commander. It stands in for `@cliffy/command`. */
export { Argument, Command, CommanderError, InvalidArgumentError, Option } from "@commander-js/extra-typings";
