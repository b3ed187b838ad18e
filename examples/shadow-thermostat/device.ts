/**
 * A thermostat that follows the target in its shadow `config`, and says in its shadow `state` what it does.
 *
 * When it starts it gets the target that was set while it was away; from then on it hears of each change. What is older than
 * what it has it leaves out: messages may overtake each other, and the version tells.
 */
import { iotshadow } from 'aws-iot-device-sdk-v2';
import { command, runCommand, say } from '../device/command';
import { Connection } from '../device/connection';
import { DeviceError } from '../device/errors';
import { readKit, thingNameOf } from '../device/kit';

interface Options {
  readonly kit: string;
  readonly targets: number;
}

const OPTIONS = { maxRequestResponseSubscriptions: 4, maxStreamingSubscriptions: 2, operationTimeoutInSeconds: 10 };
const NOT_FOUND = 404;

/** The SDK does not export the names of the states of a subscription. */
const ESTABLISHED = 0;

/** What the state of a document must hold to mean something. */
const [COLDEST, HOTTEST] = [5, 30];

runCommand(command('device', 'Follow the target temperature.')
  .requiredOption('--kit <dir>', 'connection kit of the thermostat')
  .option('--targets <n>', 'how many targets to follow before it ends', Number, Infinity)
  .action(async ({ kit: folder, targets }: Options) => {
    const kit = readKit(folder);
    const thingName = thingNameOf(kit, folder);
    const connection = await Connection.open(kit, { onFailure: (reason) => say(`not connected: ${reason}`) });
    const shadows = iotshadow.IotShadowClientv2.newFromMqtt5(connection.client, OPTIONS);
    await new Thermostat(shadows, thingName).follow(targets);
    shadows.close();
    await connection.close();
  }));

class Thermostat {
  private version = 0;
  private celsius: number | undefined;

  constructor(private readonly shadows: iotshadow.IotShadowClientv2, private readonly thingName: string) {}

  /** Follows so many targets. */
  public async follow(targets: number): Promise<void> {
    const config = { thingName: this.thingName, shadowName: 'config' };
    const changes = this.shadows.createNamedShadowDeltaUpdatedStream(config);
    let followed = 0;
    await new Promise<void>((resolve, reject) => {
      const take = (state: object | undefined, version: number | undefined): void => {
        this.take(state, version).then((taken) => {
          followed += taken ? 1 : 0;
          if (followed >= targets) {
            resolve();
          }
        }, reject);
      };
      changes.on('incomingPublish', ({ message: { state, version } }) => take(state, version));
      changes.on('subscriptionStatus', ({ type, error }) => {
        if (Number(type) !== ESTABLISHED) {
          reject(new DeviceError(`cannot hear of changes: ${(error as Error | undefined)?.message ?? 'the subscription is lost'}`));
          return;
        }
        say('listening');
        // Only now, so that nothing is missed in between.
        this.shadows.getNamedShadow(config).then(({ state, version }) => take(state?.desired, version), (error: unknown) => {
          if (codeOf(error) === NOT_FOUND) {
            say('no target yet');
          } else {
            reject(new DeviceError(`cannot get the target: ${String(error)}`));
          }
        });
      });
      changes.open();
    });
    changes.close();
  }

  /** Whether a target was followed. */
  private async take(state: object | undefined, version = 0): Promise<boolean> {
    const celsius = targetIn(state);
    if (version <= this.version) {
      return false;
    }
    this.version = version;
    if (celsius === undefined) {
      say('a target that makes no sense is ignored');
      return false;
    }
    if (celsius === this.celsius) {
      return false;
    }
    this.celsius = celsius;
    await this.shadows.updateNamedShadow({ thingName: this.thingName, shadowName: 'state', state: { reported: { celsius } } });
    say(`heating to ${celsius} °C`);
    return true;
  }
}

function targetIn(state: object | undefined): number | undefined {
  const { celsius } = (state ?? {}) as { readonly celsius?: unknown };
  return typeof celsius === 'number' && celsius >= COLDEST && celsius <= HOTTEST ? celsius : undefined;
}

/** The code of a rejection by AWS IoT. */
function codeOf(error: unknown): number | undefined {
  return (error as { readonly modeledError?: iotshadow.model.V2ErrorResponse }).modeledError?.code;
}
