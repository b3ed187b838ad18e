import { IotAction } from './iot-action';
import type { IotPolicyStatement } from './iot-policy-statement';
import { IotResource } from './iot-resource';
import type { TopicPermissions } from '../topics';

/** The statements that allow to use topics, one for each action. */
export function topicStatements(permissions: TopicPermissions, conditions?: IotPolicyStatement['conditions']): IotPolicyStatement[] {
  const allow = (action: IotAction, resources: IotResource[]): IotPolicyStatement[] =>
    resources.length === 0 ? [] : [{ actions: [action], resources, ...conditions && { conditions } }];
  return [
    ...allow(IotAction.PUBLISH, permissions.publish.map((topic) => IotResource.topic(topic))),
    ...allow(IotAction.RETAIN_PUBLISH, permissions.retain.map((topic) => IotResource.topic(topic))),
    ...allow(IotAction.SUBSCRIBE, permissions.subscribe.map((filter) => IotResource.topicFilter(filter))),
    ...allow(IotAction.RECEIVE, permissions.receive.map((topic) => IotResource.topic(topic))),
  ];
}
