import { Command } from 'commander';
import { DeviceError } from './errors';

/** The command line of a device script; what it does is for `runCommand` to run. */
export function command(name: string, description: string): Command {
  return new Command(name).description(description).showHelpAfterError('(--help says more)');
}

/** Runs a device script, and ends its process: the MQTT client of the SDK would keep it alive. */
export function runCommand(script: Command): void {
  script.parseAsync().then(() => process.exit(0), (error: unknown) => {
    const text = error instanceof DeviceError ? error.message : `unexpected: ${(error instanceof Error && error.stack) || String(error)}`;
    process.stderr.write(`${script.name()}: ${text}\n`);
    process.exit(1);
  });
}

/** Says what the device does, one line for each step. */
export function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
