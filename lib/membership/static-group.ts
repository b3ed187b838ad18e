import * as iot from 'aws-cdk-lib/aws-iot';
import type { IConstruct } from 'constructs';
import { invalid } from '../private/errors';

/** Fails for a group that AWS IoT fills by a query. */
export function requireStatic(scope: IConstruct, prop: string, group: iot.IThingGroupRef): void {
  const resource = group.node.defaultChild ?? group;
  if (iot.CfnThingGroup.isCfnThingGroup(resource) && resource.queryString !== undefined) {
    throw invalid(scope, `'${prop}' must be a static thing group, got the dynamic one at ${group.node.path}`);
  }
}
