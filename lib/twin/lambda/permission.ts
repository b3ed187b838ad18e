import { asText, propertyOf } from '../../deployment';
import type { Deployment } from '../../deployment';
import { showText } from '../../policy';

/** Whether AWS IoT may invoke a function for a resource: without permission, a deployment succeeds and nobody gets in. */
export function mayInvoke({ resources }: Deployment, functionArn: string, sourceArn: string): boolean {
  return resources.some(({ type, properties, condition }) => {
    const source = asText(propertyOf(properties, 'SourceArn'));
    const named = asText(properties.FunctionName);
    return type === 'AWS::Lambda::Permission' && condition === undefined
      && asText(properties.Principal) === 'iot.amazonaws.com'
      && /^lambda:(InvokeFunction|\*)$/.test(showText(asText(properties.Action) ?? ''))
      && typeof named === 'string' && (named === functionArn || named === functionArn.split(':function:')[1])
      && (source === undefined || (typeof source === 'string' && matches(source, sourceArn)));
  });
}

/** `ArnLike`, as far as permissions of AWS IoT use it: `*` at the end. */
function matches(pattern: string, arn: string): boolean {
  return pattern.endsWith('*') ? arn.startsWith(pattern.slice(0, -1)) : pattern === arn;
}
