import type { Stack } from 'aws-cdk-lib';
import { IotAction, IotPolicy, IotResource } from '../../../lib/access';
import { BillingGroupMembership, ThingGroupMembership, ThingGroupPolicyAttachment, ThingTypeAssociation } from '../../../lib/membership';
import { BillingGroup, Thing, ThingGroup, ThingType } from '../../../lib/registry';
import { prove } from './prove';

function things(stack: Stack): readonly [Thing, Thing, Thing] {
  const [a, b, c] = ['a', 'b', 'c'].map((thingName) => new Thing(stack, `Thing ${thingName}`, { thingName }));
  return [a!, b!, c!];
}

prove('join-thing-group', [{
  name: 'other things in another group',
  define: (stack, version) => {
    const [a, b, c] = things(stack);
    const [one, two] = ['one', 'two'].map((thingGroupName) => new ThingGroup(stack, `Group ${thingGroupName}`, { thingGroupName }));
    if (version !== 'without') {
      new ThingGroupMembership(stack, 'Membership', version === 'first' ? { thingGroup: one!, things: [a, b] } : { thingGroup: two!, things: [b, c] });
    }
  },
}]);

prove('join-billing-group', [{
  name: 'other things in another group',
  define: (stack, version) => {
    const [a, b, c] = things(stack);
    const [one, two] = ['one', 'two'].map((billingGroupName) => new BillingGroup(stack, `Group ${billingGroupName}`, { billingGroupName }));
    if (version !== 'without') {
      new BillingGroupMembership(stack, 'Membership', version === 'first' ? { billingGroup: one!, things: [a, b] } : { billingGroup: two!, things: [b, c] });
    }
  },
}]);

prove('assign-thing-type', [{
  name: 'another type of other things',
  define: (stack, version) => {
    const [a, b, c] = things(stack);
    const [one, two] = ['one', 'two'].map((thingTypeName) => new ThingType(stack, `Type ${thingTypeName}`, { thingTypeName }));
    if (version !== 'without') {
      new ThingTypeAssociation(stack, 'Association', version === 'first' ? { thingType: one!, things: [a, b] } : { thingType: two!, things: [b, c] });
    }
  },
}]);

prove('attach-group-policies', [{
  name: 'other policies of another group',
  define: (stack, version) => {
    const [one, two] = ['one', 'two'].map((thingGroupName) => new ThingGroup(stack, `Group ${thingGroupName}`, { thingGroupName }));
    const [p, q, r] = ['p', 'q', 'r'].map((policyName) => new IotPolicy(stack, `Policy ${policyName}`, {
      policyName, statements: [{ actions: [IotAction.CONNECT], resources: [IotResource.client(policyName)] }],
    }));
    if (version !== 'without') {
      new ThingGroupPolicyAttachment(stack, 'Attachment', version === 'first' ? { thingGroup: one!, policies: [p!, q!] } : { thingGroup: two!, policies: [q!, r!] });
    }
  },
}]);
