import type { EndpointParts } from '../../../lib/twin/aws';

/** The guard of an endpoint that whoever runs the twin alone calls. */
export const NO_ROLES: EndpointParts['guard'] = { objectionTo: () => 'no role calls here' };
