import { styleText } from 'node:util';
import Table from 'cli-table3';
import { DeploymentError } from '../lib/deployment';
import { PolicyError, SimulationError } from '../lib/policy';
import { ManifestError } from '../lib/provisioning/manifest';
import { TwinError } from '../lib/twin';

/** What a user can mend: the message alone says what, where and what to do. */
const USER_ERRORS = [DeploymentError, ManifestError, PolicyError, SimulationError, TwinError];

/** Exit codes of every command. */
export const ExitCode = { GOOD: 0, DENIED: 1, MISUSE: 2 } as const;

/** Say in one line what is wrong, and leave with the exit code for misuse. */
export function fail(error: unknown): never {
  process.stderr.write(`iot-warden: ${plain(explainFailure(error))}\n`);
  process.exit(ExitCode.MISUSE);
}

/** What is wrong, for a user to mend; more of it where that cannot be. */
export function explainFailure(error: unknown): string {
  return USER_ERRORS.some((type) => error instanceof type) ? (error as Error).message : unexpected(error);
}

function unexpected(error: unknown): string {
  return process.env.IOT_WARDEN_DEBUG && error instanceof Error
    ? error.stack ?? error.message
    : `${error instanceof Error ? error.message : String(error)} (set IOT_WARDEN_DEBUG=1 for the stack)`;
}

export function printJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}

export function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** A problem that does not end the command. */
export function warn(text: string): void {
  process.stderr.write(`${styled('yellow', `warning: ${plain(text)}`, process.stderr)}\n`);
}

// Who reads only the first lines has seen enough.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  process.exit(error.code === 'EPIPE' ? process.exitCode : ExitCode.MISUSE);
});

/** Templates and clients choose names, ids and topics: what would steer a terminal is shown as its code. */
export function plain(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g, (character) => (
    `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
  ));
}

/** A table that is as wide as it needs to be. Cells are plain text but for what `outcome` colours, and may have several lines. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const made = new Table({ head: head.map(bold), style: { head: [], border: [], compact: true } });
  made.push(...rows.map((row) => [...row]));
  return made.toString();
}

type Style = Parameters<typeof styleText>[0];

/** Style what a terminal shows, and leave what a file keeps alone. */
export function styled(style: Style, text: string, stream: NodeJS.WriteStream = process.stdout): string {
  return stream.isTTY && !process.env.NO_COLOR ? styleText(style, text) : text;
}

export function bold(text: string): string {
  return styled('bold', text);
}

/** A decision or outcome in its colour. */
export function outcome(text: string): string {
  return styled(['allow', 'connected', 'provisioned', 'invoked'].includes(text) ? 'green' : ['disconnected', 'log'].includes(text) ? 'gray' : 'red', text);
}
