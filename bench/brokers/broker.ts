import { fork, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import type { Fleet } from '../fleet';
import type { Question } from './twin-process';

/** A broker that serves a fleet, in a process of its own. */
export interface Broker {
  readonly name: string;
  readonly port: number;
  readonly process: ChildProcess;
}

export interface BrokerKind {
  readonly name: string;

  /** @throws when the broker is not there or does not start. */
  start(fleet: Fleet): Promise<Broker>;
}

/** CPU seconds of a process so far, all of its threads included. */
export function cpuSeconds({ pid }: ChildProcess): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /, '').split(' ');
  const TICKS_PER_SECOND = 100;
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

/** Run a broker written for Node: it reports its port as its first message. */
export async function startNode(name: string, script: string, args: readonly string[], execArgv: readonly string[] = []): Promise<Broker> {
  const process = fork(script, args, { execArgv: [...execArgv], stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  return { name, port: await firstMessage(name, process) as number, process };
}

function firstMessage(name: string, process: ChildProcess): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const stopped = (code: number | null): void => reject(new Error(`${name} stopped with code ${code}`));
    process.once('exit', stopped).once('message', (message) => {
      process.off('exit', stopped);
      resolve(message);
    });
  });
}

/** Ask the twin's process something. */
export function ask({ name, process }: Broker, question: Question): Promise<unknown> {
  process.send(question);
  return firstMessage(name, process);
}

/** Run any other broker, which listens on a port given to it. */
export async function startCommand(name: string, command: string, args: readonly string[], port: number): Promise<Broker> {
  const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'ignore'] });
  process.once('exit', () => child.kill());
  let failure: Error | undefined;
  child.once('error', (error) => { failure = error; });
  child.once('exit', (code) => { failure ??= new Error(`${name} stopped at once with code ${code}`); });
  while (!await accepts(port)) {
    if (failure !== undefined) {
      throw failure;
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return { name, port, process: child };
}

export async function stop({ process }: Broker): Promise<void> {
  if (process.exitCode === null && process.signalCode === null) {
    const exited = once(process, 'exit');
    process.kill('SIGTERM');
    await exited;
  }
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}
