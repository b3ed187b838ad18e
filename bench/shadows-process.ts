// What the benchmark of shadows measures, in a process of its own that prints it as JSON.
import { systemClock } from '../lib/twin/clock';
import { startTwin } from '../lib/twin';
import { Shadows } from '../lib/twin/shadows';
import { NO_STORAGE } from '../lib/twin/storage';
import { LoadClient } from './load-client';

/** What is measured, and with what. */
export type Task =
  | { readonly measure: 'memory'; readonly document: string; readonly shadows: number }
  | { readonly measure: 'updates'; readonly document: string; readonly assembly: string; readonly things: readonly string[]; readonly seconds: number; readonly stateDirectory?: string };

/** Updates of each device that are on their way. */
const WINDOW = 50;

/** Bytes of heap that a shadow takes among many. */
function memory({ shadows: count, document }: Task & { readonly measure: 'memory' }): number {
  const heap = (): number => {
    (globalThis as unknown as { gc: () => void }).gc();
    return process.memoryUsage().heapUsed;
  };
  const shadows = new Shadows({ storage: NO_STORAGE, clock: systemClock });
  const before = heap();
  for (let index = 0; index < count; index++) {
    // As a message brings it: nothing of one shadow is shared with another.
    shadows.update({ thingName: `thermostat-${index}` }, Buffer.from(document));
  }
  const bytes = (heap() - before) / count;
  // Until here, there are all of them.
  return [...shadows.list()].length === count ? bytes : NaN;
}

/** Updates a second that are acknowledged to devices. */
async function updates({ document, assembly, things, seconds, stateDirectory }: Task & { readonly measure: 'updates' }): Promise<number> {
  const twin = await startTwin({ assembly, ...(stateDirectory === undefined ? {} : { stateDirectory }) });
  let acknowledged = 0;
  for (const thing of things) {
    const kit = await twin.issueKit(thing);
    const client = await LoadClient.open(thing, twin.mqttPort, kit, kit.rootCaPem);
    client.prepare(`$aws/things/${thing}/shadow/update`, Buffer.from(document), 1, WINDOW, () => {
      const free = WINDOW - client.unacknowledged;
      acknowledged += free;
      client.publish(free);
    });
    client.publish(WINDOW);
  }
  // From when all of them run.
  const [from, start] = [acknowledged, performance.now()];
  await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
  return (acknowledged - from) / (performance.now() - start) * 1000;
}

const task = JSON.parse(process.argv[2]!) as Task;
void Promise.resolve(task.measure === 'memory' ? memory(task) : updates(task)).then((figure) => {
  process.stdout.write(JSON.stringify(figure), () => process.exit());
});
