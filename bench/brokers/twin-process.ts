// The twin as a process: what `iot-warden local` runs, bundled like it. Tells its port to the process that started it.
import { writeFileSync } from 'node:fs';
import { Session } from 'node:inspector';
import { startTwin } from '../../lib/twin';

/** What the process that started it may ask. */
export type Question =
  | { readonly ask: 'memory' | 'start-profile' | 'https-port' }
  | { readonly ask: 'stop-profile'; readonly file: string };

const PROFILE_INTERVAL_US = 200;
const inspector = new Session();

async function main(assembly: string, stateDirectory: string): Promise<void> {
  const twin = await startTwin({ assembly, stateDirectory });
  process.once('SIGTERM', () => void twin.stop().then(() => process.exit()));
  process.on('message', (question: Question) => {
    switch (question.ask) {
      case 'memory':
        (globalThis as { gc?: () => void }).gc?.();
        process.send!(process.memoryUsage());
        break;
      case 'https-port':
        process.send!(twin.httpsPort);
        break;
      case 'start-profile':
        inspector.connect();
        inspector.post('Profiler.enable');
        inspector.post('Profiler.setSamplingInterval', { interval: PROFILE_INTERVAL_US });
        inspector.post('Profiler.start', () => process.send!('profiling'));
        break;
      case 'stop-profile':
        inspector.post('Profiler.stop', (_error, { profile }) => {
          writeFileSync(question.file, JSON.stringify(profile));
          inspector.disconnect();
          process.send!('profiled');
        });
    }
  });
  process.once('disconnect', () => process.exit());
  process.send!(twin.mqttPort);
}

void main(process.argv[2]!, process.argv[3]!);
