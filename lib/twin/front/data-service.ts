import type { Service } from '../aws';
import { RoleSessions } from '../iam';
import type { DataPlane } from './data-plane';

/**
 * The data API as functions of the assembly reach it, at `AWS_ENDPOINT_URL`: with the role of the caller.
 *
 * @param name what its requests are signed for
 */
export function dataService(name: 'iotdata' | 'iot-jobs-data', front: () => { readonly data: DataPlane; readonly sessions: RoleSessions }): Service {
  return {
    name,
    // The policies are asked for each topic and thing, as for callers over HTTPS.
    needs: () => [],
    handle: async ({ method, url, body: payload, caller = { kind: 'operator' } }) => {
      const { data, sessions } = front();
      const principal = RoleSessions.userIdOf(caller);
      const { status, body, error } = await data.serve({
        method, url, payload, asker: { principal: RoleSessions.nameOf(caller) }, identity: sessions.identity(caller, {}), ...(principal === undefined ? {} : { sender: { principal } }),
      });
      return { status, headers: { 'content-type': 'application/json', ...(error === undefined ? {} : { 'x-amzn-errortype': error }) }, body: typeof body === 'string' ? body : JSON.stringify(body) };
    },
  };
}
