import { resolve } from 'node:path';
import { StateFolder, TwinError, runningTwin } from '../lib/twin';
import type { Advertisement } from '../lib/twin';

/** The twin that runs with a state folder. */
export function findTwin(state: string): { readonly folder: StateFolder; readonly twin: Advertisement } {
  const folder = StateFolder.at(resolve(state));
  const twin = runningTwin(folder);
  if (twin === undefined) {
    throw new TwinError(`no twin runs with the state folder ${folder.path}; start one with: iot-warden local <assembly> --state ${state}`);
  }
  return { folder, twin };
}
