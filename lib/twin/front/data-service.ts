import { jsonError, ServiceError } from '../aws';
import type { Service } from '../aws';
import type { Guard } from '../guard';
import { RoleSessions } from '../iam';
import type { Journal } from '../journal';
import { LIMITS } from '../limits';
import type { Broker } from '../mqtt/broker';
import { readPublish } from './publish-request';

export interface DataServiceProps {
  readonly sessions: RoleSessions;
  readonly guard: Guard;
  readonly broker: Broker;
  readonly journal: Journal;
}

/** The data plane as functions of the assembly reach it, at `AWS_ENDPOINT_URL`: publishing with the role of the caller. */
export function dataService(props: () => DataServiceProps): Service {
  return {
    name: 'iotdata',
    evaluatesIam: true,
    handle: ({ method, path, query, body, caller = { kind: 'operator' } }) => {
      const { sessions, guard, broker, journal } = props();
      const asker = { principal: RoleSessions.nameOf(caller) };
      try {
        const refuse = (name: string, message: string, status: number): ServiceError => {
          journal.note(asker, 'refused', `publish: ${message}`);
          return new ServiceError(name, message, status);
        };
        const asked = readPublish({ method, url: `${path}?${query.toString()}` });
        if (typeof asked === 'string') {
          throw refuse('InvalidRequestException', asked, 400);
        }
        if (body.length > LIMITS.payloadBytes) {
          throw refuse('PayloadTooLargeException', `the payload is larger than ${LIMITS.payloadBytes} bytes`, 413);
        }
        const { authorizer } = sessions.identity(caller, {});
        if (asked.isReserved || !guard.allowsOperation(asker, authorizer, { protocol: 'https', action: 'iot:Publish', resource: asked.topic, retain: asked.retain })) {
          throw new ServiceError('ForbiddenException', 'Forbidden', 403);
        }
        broker.publish({ topic: asked.topic, qos: asked.qos, retain: asked.retain, payload: body });
        return Promise.resolve({ status: 200, headers: { 'content-type': 'application/json' }, body: '{"message":"OK"}' });
      } catch (error) {
        return Promise.resolve(jsonError(error));
      }
    },
  };
}
