import { join } from 'node:path';
import { StateFolder, TwinError } from '../../../lib/twin';
import { SqliteStorage } from '../../../lib/twin/storage';
import { ANYTHING, TestTwin, temporaryFolder } from '../support/test-twin';

const base = temporaryFolder();

/** What SQLite does not notice: it has no checksums for what is in its rows. */
test.each([
  ['account', 'things/a', '{"thingName":'],
  ['mqtt_retained', 'a/b', 'no length, and no description'],
  ['mqtt_sessions', 'client', '{"expirySec":60,\n\u0007"lastMessageId":'],
  ['mqtt_messages', 'client/1', ''],
  ['jobs', 'update', '[]'],
  ['jobExecutions', 'update/sensor', 'null'],
  ['shadows', 'not a JSON text', '{"state":{"desired":{"name":"a'],
  ['shadows', 'no version', '{"state":{},"metadata":{}}'],
  ['shadows', 'no trees', '{"state":{},"version":3}'],
  ['deletedShadows', 'sensor', '{'],
])('a twin does not start with a damaged row of %s, and says in one line what to do', async (table, key, value) => {
  const stateDirectory = join(base, `${table}-${key.replace(/\W/g, '')}`);
  const storage = await SqliteStorage.open(StateFolder.create(stateDirectory));
  storage.put(table, key, Buffer.from(value));
  storage.close();
  const error = await TestTwin.start({ sensor: { may: ANYTHING } }, { stateDirectory }).then((twin) => twin.stop(), (thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(TwinError);
  expect((error as Error).message).toMatch(/^\P{C}+twin\.db: cannot be used \(\P{C}+\); if it is damaged, remove it to start with an empty account, or choose another folder with --state$/u);
});
