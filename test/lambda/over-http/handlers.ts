import { customResource, type Handle, type System } from '../../../lambda/custom-resource';
import * as assignThingType from '../../../lambda/assign-thing-type';
import * as attachGroupPolicies from '../../../lambda/attach-group-policies';
import * as configureEndpointTls from '../../../lambda/configure-endpoint-tls';
import * as configureEvents from '../../../lambda/configure-events';
import * as configureIndexing from '../../../lambda/configure-indexing';
import * as configureLogging from '../../../lambda/configure-logging';
import * as describeCertificate from '../../../lambda/describe-certificate';
import * as describeEndpoint from '../../../lambda/describe-endpoint';
import * as detachIdentities from '../../../lambda/detach-identities';
import * as guardFleet from '../../../lambda/guard-fleet';
import * as issueCaCertificate from '../../../lambda/issue-ca-certificate';
import * as issueCertificates from '../../../lambda/issue-certificates';
import * as joinBillingGroup from '../../../lambda/join-billing-group';
import * as joinThingGroup from '../../../lambda/join-thing-group';
import * as managePolicy from '../../../lambda/manage-policy';
import * as retireCertificates from '../../../lambda/retire-certificates';
import * as setDefaultAuthorizer from '../../../lambda/set-default-authorizer';
import * as startRegistrationTask from '../../../lambda/start-registration-task';
import * as verifyCaCertificate from '../../../lambda/verify-ca-certificate';
import type { LocalAccount } from './local-account';

type Clients = LocalAccount['clients'];

/** All handlers of custom resources, by the names of their folders. */
export const HANDLERS: { readonly [folder: string]: (clients: Clients, system: System) => Handle } = {
  'assign-thing-type': ({ iot }, system) => assignThingType.createHandler(iot, system),
  'attach-group-policies': ({ iot }, system) => attachGroupPolicies.createHandler(iot, system),
  'configure-endpoint-tls': ({ iot }, system) => configureEndpointTls.createHandler(iot, system),
  'configure-events': ({ iot }, system) => configureEvents.createHandler(iot, system),
  'configure-indexing': ({ iot }, system) => configureIndexing.createHandler(iot, system),
  'configure-logging': ({ iot }, system) => configureLogging.createHandler(iot, system),
  'describe-certificate': ({ iot }, system) => describeCertificate.createHandler(iot, system),
  'describe-endpoint': ({ iot }, system) => describeEndpoint.createHandler(iot, system),
  'detach-identities': ({ iot }, system) => detachIdentities.createHandler(iot, system),
  'guard-fleet': ({ iot }, system) => guardFleet.createHandler(iot, system),
  'issue-ca-certificate': (clients, system) => issueCaCertificate.createHandler(clients, system),
  'issue-certificates': (clients, system) => issueCertificates.createHandler(clients, system),
  'join-billing-group': ({ iot }, system) => joinBillingGroup.createHandler(iot, system),
  'join-thing-group': ({ iot }, system) => joinThingGroup.createHandler(iot, system),
  'manage-policy': ({ iot }, system) => managePolicy.createHandler(iot, system),
  'retire-certificates': ({ iot, ssm }, system) => retireCertificates.createHandler(iot, ssm, system),
  'set-default-authorizer': ({ iot }, system) => setDefaultAuthorizer.createHandler(iot, system),
  'start-registration-task': ({ iot }, system) => startRegistrationTask.createHandler(iot, system),
  'verify-ca-certificate': (clients, system) => verifyCaCertificate.createHandler(clients, system),
};

/** The function of a handler as AWS Lambda calls it. */
export function entryOf(folder: string, { clients }: LocalAccount, system: System, send: Parameters<typeof customResource>[2]): ReturnType<typeof customResource> {
  return customResource(HANDLERS[folder]!(clients, system), system, send);
}
