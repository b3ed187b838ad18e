/**
 * A thermostat: follows the temperature in its shadow `target`, and reports what it does in its shadow `state`.
 *
 * It listens before it asks, and asks again whenever it is connected again: what changed in between is in the document.
 */
import { iotshadow, type mqtt5 } from 'aws-iot-device-sdk-v2';
import { command, runCommand, say } from '../device/command';
import { Connection } from '../device/connection';
import { DeviceError } from '../device/errors';
import { readKit, thingNameOf } from '../device/kit';
import { STATE, TARGET, type State, readTarget } from './shadows';

interface Options {
  readonly kit: string;
  readonly celsius: number;
  readonly changes: number;
}

const ANSWER_WITHIN_S = 30;
const NOT_FOUND = 404;

/** `SubscriptionStatusEventType.SubscriptionEstablished`, which the SDK does not export. */
const SUBSCRIPTION_ESTABLISHED = 0;

runCommand(command('device', 'Follow the target in the shadow, and report what the thermostat does.')
  .requiredOption('--kit <dir>', 'connection kit of the thermostat')
  .option('--celsius <number>', 'what it measures', Number, 19)
  .option('--changes <n>', 'how many targets to follow before it ends', Number, Infinity)
  .action(async ({ kit: folder, celsius, changes }: Options) => {
    const kit = readKit(folder);
    const connection = await Connection.open(kit, { onFailure: (reason) => say(`not connected: ${reason}`) });
    await new Thermostat(thingNameOf(kit, folder), celsius, connection.client).follow(changes);
    await connection.close();
  }));

class Thermostat {
  private readonly shadows: iotshadow.IotShadowClientv2;

  /** The newest version of the target that was looked at: what comes late must not undo it. */
  private version = 0;

  /** One target after the other. */
  private work: Promise<void> = Promise.resolve();

  constructor(private readonly thingName: string, private readonly celsius: number, client: mqtt5.Mqtt5Client) {
    this.shadows = iotshadow.IotShadowClientv2.newFromMqtt5(client, {
      maxRequestResponseSubscriptions: 4, maxStreamingSubscriptions: 1, operationTimeoutInSeconds: ANSWER_WITHIN_S,
    });
  }

  /** Follows so many targets. */
  public async follow(changes: number): Promise<void> {
    const { thingName } = this;
    const stream = this.shadows.createNamedShadowDeltaUpdatedStream({ thingName, shadowName: TARGET });
    try {
      await new Promise<void>((resolve, reject) => {
        let followed = 0;
        const then = (step: () => Promise<boolean>): void => {
          this.work = this.work.then(step).then((isFollowed) => {
            followed += isFollowed ? 1 : 0;
            if (followed >= changes) {
              resolve();
            }
          }).catch(reject);
        };
        stream.on('incomingPublish', ({ message: { state, version } }) => then(() => this.told(state, version)));
        stream.on('subscriptionStatus', ({ type, error }) => {
          if (Number(type) === SUBSCRIPTION_ESTABLISHED) {
            then(() => this.ask());
          } else if (error !== undefined) {
            say(`not listening: ${error.error_name ?? 'unknown'}`);
          }
        });
        stream.open();
      });
    } finally {
      stream.close();
      this.shadows.close();
    }
  }

  /** Asks for the target as it is now. */
  private async ask(): Promise<boolean> {
    const { thingName } = this;
    try {
      const { state, version } = await this.shadows.getNamedShadow({ thingName, shadowName: TARGET });
      return await this.told(state?.desired, version);
    } catch (error) {
      if (codeOf(error) === NOT_FOUND) {
        return this.told(undefined, 0);
      }
      throw new DeviceError(`cannot read the shadow '${TARGET}': ${reasonOf(error)}`);
    }
  }

  /** Follows a target, if it is one and a new one. */
  private async told(desired: object | undefined, version = 0): Promise<boolean> {
    if (version > 0 && version <= this.version) {
      return false;
    }
    this.version = Math.max(this.version, version);
    const target = readTarget(desired);
    if (typeof target === 'string') {
      say(target);
      return false;
    }
    const { thingName, celsius } = this;
    const reported: State = { celsius, target, heating: celsius < target };
    await this.shadows.updateNamedShadow({ thingName, shadowName: STATE, state: { reported } }).catch((error: unknown) => {
      throw new DeviceError(`cannot update the shadow '${STATE}': ${reasonOf(error)}`);
    });
    say(`target ${target} °C, measured ${celsius} °C: heating ${reported.heating ? 'on' : 'off'}`);
    return true;
  }
}

/** What AWS IoT has answered in place of what was asked for. */
function codeOf(error: unknown): number | undefined {
  return (error as { readonly modeledError?: iotshadow.model.V2ErrorResponse }).modeledError?.code;
}

function reasonOf(error: unknown): string {
  const { modeledError, message } = error as { readonly modeledError?: iotshadow.model.V2ErrorResponse; readonly message?: string };
  return modeledError?.message ?? message ?? String(error);
}
