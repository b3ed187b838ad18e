import { App, CfnOutput, CfnParameter, Duration, Lazy, PhysicalName, RemovalPolicy, Stack, Tags } from 'aws-cdk-lib';
import { Annotations, Match, Template } from 'aws-cdk-lib/assertions';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as iot from 'aws-cdk-lib/aws-iot';
import * as s3 from 'aws-cdk-lib/aws-s3';
import { IotPolicy } from '../../lib/access';
import { CredentialVariable, RoleAlias, type RoleAliasProps } from '../../lib/credentials';
import { Device, policyDocuments } from '../access/device';

const ENV = { account: '123456789012', region: 'eu-central-1' };
const ALIAS = 'AWS::IoT::RoleAlias';

let app: App;
let stack: Stack;
beforeEach(() => {
  app = new App();
  stack = new Stack(app, 'Stack');
});
const define = (props?: RoleAliasProps) => new RoleAlias(stack, 'Cameras', props);
const trusting = (id: string, principal: iam.IPrincipal, maxSessionDuration?: Duration) => new iam.Role(stack, id, { assumedBy: principal, ...maxSessionDuration && { maxSessionDuration } });

/** The name of the only role alias of a stack. */
const nameIn = (scope: Stack) => (Object.values(Template.fromStack(scope).findResources(ALIAS))[0]!.Properties as { RoleAlias: string }).RoleAlias;

/** A trust policy for one alias of the stack, in any partition. */
function trustFor(roleAliasName: string) {
  return {
    Statement: [{
      Action: 'sts:AssumeRole',
      Effect: 'Allow',
      Principal: { Service: 'credentials.iot.amazonaws.com' },
      Condition: {
        StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } },
        ArnLike: {
          'aws:SourceArn': {
            'Fn::Join': ['', ['arn:', { Ref: 'AWS::Partition' }, ':iot:', { Ref: 'AWS::Region' }, ':', { Ref: 'AWS::AccountId' }, `:rolealias/${roleAliasName}`]],
          },
        },
      },
    }],
  };
}

describe('a role alias without options', () => {
  test('gives credentials of a role of its own for an hour, under a name that stays', () => {
    const alias = define();
    const template = Template.fromStack(stack);
    const name = nameIn(stack);

    expect(name).toMatch(/^Stack-Cameras-[0-9A-F]{8}$/);
    template.hasResourceProperties(ALIAS, { CredentialDurationSeconds: 3600, RoleArn: stack.resolve(alias.role.roleArn) as unknown });
    template.hasResourceProperties('AWS::IAM::Role', { AssumeRolePolicyDocument: trustFor(name), MaxSessionDuration: Match.absent() });
  });

  test('permits nothing until its role is granted something', () => {
    define();
    const template = Template.fromStack(stack);
    template.resourceCountIs('AWS::IAM::Policy', 0);
    template.hasResourceProperties('AWS::IAM::Role', { Policies: Match.absent(), ManagedPolicyArns: Match.absent() });
  });

  test('matches its snapshot', () => {
    define();
    expect(Template.fromStack(stack).toJSON().Resources).toMatchSnapshot();
  });

  test('has different names in different stacks', () => {
    const [one, two] = ['One', 'Two'].map((id) => nameIn(new RoleAlias(new Stack(new App(), id), 'Alias').stack));
    expect(one).not.toBe(two);
  });

  test('has a name that AWS IoT takes, however deep it is', () => {
    const deep = Array.from({ length: 20 }, (_, n) => `Level${n}Of_The.Tree`).reduce((scope, id) => new Stack(scope, id), stack);
    new RoleAlias(deep, 'Alias');
    expect(nameIn(deep)).toMatch(/^[\w=,@-]{1,128}$/);
  });
});

describe('roleAliasName', () => {
  test('is the name, in the trust as well', () => {
    define({ roleAliasName: 'cameras' });
    const template = Template.fromStack(stack);
    template.hasResourceProperties(ALIAS, { RoleAlias: 'cameras' });
    template.hasResourceProperties('AWS::IAM::Role', { AssumeRolePolicyDocument: trustFor('cameras') });
  });

  test.each(['a b', 'a.b', 'a/b', '', '*', '${x}'])('fails for %j', (roleAliasName) => {
    expect(() => define({ roleAliasName })).toThrow(new Error(
      `'roleAliasName' must consist of letters, digits and _=,@-, got ${JSON.stringify(roleAliasName)} (at Stack/Cameras)`,
    ));
    expect(stack.node.findChild('Cameras').node.children).toEqual([]);
  });

  test('has at most 128 characters', () => {
    expect(() => define({ roleAliasName: 'a'.repeat(128) })).not.toThrow();
    expect(() => new RoleAlias(stack, 'Long', { roleAliasName: 'a'.repeat(129) })).toThrow("'roleAliasName' must be at most 128 characters long, got 129 (at Stack/Long)");
  });

  test('may be a token', () => {
    define({ roleAliasName: new CfnParameter(stack, 'Name').valueAsString });
    Template.fromStack(stack).hasResourceProperties(ALIAS, { RoleAlias: { Ref: 'Name' } });
  });
});

describe('credentialDuration', () => {
  test.each([15, 60, 720])('may be %d minutes', (minutes) => {
    define({ credentialDuration: Duration.minutes(minutes) });
    Template.fromStack(stack).hasResourceProperties(ALIAS, { CredentialDurationSeconds: minutes * 60 });
  });

  test.each([[Duration.seconds(899), '14 minutes 59 seconds'], [Duration.seconds(43201), '12 hours 1 second']])('fails for %s', (credentialDuration, got) => {
    expect(() => define({ credentialDuration })).toThrow(new Error(
      `'credentialDuration' must be between 15 minutes and 12 hours, got ${got} (at Stack/Cameras)`,
    ));
  });

  test('makes the sessions of the role as long', () => {
    define({ credentialDuration: Duration.hours(4) });
    Template.fromStack(stack).hasResourceProperties('AWS::IAM::Role', { MaxSessionDuration: 14400 });
  });

  test('warns above an hour, as credentials outlive the certificate', () => {
    define({ credentialDuration: Duration.minutes(90) });
    Annotations.fromStack(stack).hasWarning(
      '/Stack/Cameras',
      "credentials stay valid for 1 hour 30 minutes after a device's certificate is revoked; "
      + "lower 'credentialDuration' if the devices can fetch them more often [ack: cdk-iot-warden:RoleAlias.longDuration]",
    );
  });

  test('does not warn up to an hour', () => {
    define({ credentialDuration: Duration.hours(1) });
    Annotations.fromStack(stack).hasNoWarning('*', Match.anyValue());
  });

  test('may be a token', () => {
    define({ credentialDuration: Duration.seconds(new CfnParameter(stack, 'Seconds', { type: 'Number' }).valueAsNumber) });
    const template = Template.fromStack(stack);
    template.hasResourceProperties(ALIAS, { CredentialDurationSeconds: { Ref: 'Seconds' } });
    template.hasResourceProperties('AWS::IAM::Role', { MaxSessionDuration: 43200 });
  });
});

describe('role', () => {
  test('may be given, trusting the alias alone', () => {
    const role = trusting('Role', RoleAlias.servicePrincipal(stack, 'cameras'));
    expect(define({ role, roleAliasName: 'cameras' }).role).toBe(role);

    const template = Template.fromStack(stack);
    template.resourceCountIs('AWS::IAM::Role', 1);
    template.hasResourceProperties('AWS::IAM::Role', { AssumeRolePolicyDocument: trustFor('cameras') });
  });

  test('may exist outside the app', () => {
    define({ role: iam.Role.fromRoleArn(stack, 'Role', 'arn:aws:iam::123456789012:role/cameras'), credentialDuration: Duration.hours(12) });
    Template.fromStack(stack).hasResourceProperties(ALIAS, { RoleArn: 'arn:aws:iam::123456789012:role/cameras' });
  });

  test.each([[undefined, '1 hour'], [Duration.hours(2), '2 hours']])('fails where its sessions of %s are too short', (session, shown) => {
    const role = trusting('Role', RoleAlias.servicePrincipal(stack, 'cameras'), session);
    expect(() => define({ role, credentialDuration: Duration.hours(3) })).toThrow(new Error(
      `'credentialDuration' must be at most the 'maxSessionDuration' of the role, ${shown}, got 3 hours; raise the one or lower the other (at Stack/Cameras)`,
    ));
  });

  test('is not checked where the length of its sessions is a token', () => {
    const role = new iam.CfnRole(stack, 'L1', { assumeRolePolicyDocument: {}, maxSessionDuration: Lazy.number({ produce: () => 3600 }) });
    expect(() => define({ role: iam.Role.fromRoleArn(stack, 'Import', role.attrArn), credentialDuration: Duration.hours(3) })).not.toThrow();
    const known = trusting('Role', RoleAlias.servicePrincipal(stack, 'b'));
    (known.node.defaultChild as iam.CfnRole).maxSessionDuration = Lazy.number({ produce: () => 3600 });
    expect(() => new RoleAlias(stack, 'B', { role: known, credentialDuration: Duration.hours(3) })).not.toThrow();
  });

  test.each(['iot.amazonaws.com', 'lambda.amazonaws.com'])('fails at synthesis where it trusts %s instead', (service) => {
    define({ role: trusting('Role', new iam.ServicePrincipal(service)) });
    expect(() => app.synth()).toThrow(
      "[Stack/Cameras] the role at Stack/Role must trust credentials.iot.amazonaws.com, or devices get no credentials; "
      + "define it with 'assumedBy: RoleAlias.servicePrincipal(scope, roleAliasName)'",
    );
  });

  test('may trust others as well, and may be told so later', () => {
    const role = trusting('Role', new iam.ServicePrincipal('lambda.amazonaws.com'));
    define({ role });
    role.assumeRolePolicy!.addStatements(new iam.PolicyStatement({ actions: ['sts:AssumeRole'], principals: [RoleAlias.servicePrincipal(stack, 'cameras')] }));
    expect(() => app.synth()).not.toThrow();
  });

  test('is not checked where whom it trusts is a token', () => {
    define({ role: trusting('Role', new iam.ServicePrincipal(new CfnParameter(stack, 'Service').valueAsString)) });
    expect(() => app.synth()).not.toThrow();
  });
});

describe('removalPolicy', () => {
  test('deletes the alias by default', () => {
    define();
    Template.fromStack(stack).hasResource(ALIAS, { DeletionPolicy: Match.absent() });
  });

  test('can keep the alias and its role', () => {
    define({ removalPolicy: RemovalPolicy.RETAIN });
    const template = Template.fromStack(stack);
    template.hasResource(ALIAS, { DeletionPolicy: 'Retain', UpdateReplacePolicy: 'Retain' });
    template.hasResource('AWS::IAM::Role', { DeletionPolicy: 'Retain' });
  });

  test('leaves a role alone that was given', () => {
    define({ role: trusting('Role', RoleAlias.servicePrincipal(stack, 'a')), removalPolicy: RemovalPolicy.RETAIN });
    Template.fromStack(stack).hasResource('AWS::IAM::Role', { DeletionPolicy: Match.absent() });
  });
});

describe('deviceStatement', () => {
  test('lets a device use this alias and no other', () => {
    const alias = RoleAlias.fromRoleAliasName(stack, 'Imported', 'cameras');
    new IotPolicy(stack, 'Policy', { statements: [alias.deviceStatement()] });
    const device = new Device(policyDocuments(stack), { thingName: 'camera-1' });

    expect(device.decide('iot:AssumeRoleWithCertificate', 'cameras', { protocol: 'https' })).toBe('allow');
    for (const other of ['Cameras', 'cameras2', 'camera', '*', 'doors']) {
      expect(device.decide('iot:AssumeRoleWithCertificate', other, { protocol: 'https' })).toBe('deny');
    }
    for (const action of ['iot:Connect', 'iot:Publish', 'iot:Subscribe', 'iot:Receive', 'iot:GetThingShadow']) {
      expect(device.decide(action, 'cameras')).toBe('deny');
    }
  });

  test('refers to the alias, so that it is there first', () => {
    const alias = define();
    new IotPolicy(stack, 'Policy', { statements: [alias.deviceStatement()] });
    const logicalId = stack.getLogicalId(alias.node.defaultChild as iot.CfnRoleAlias);

    Template.fromStack(stack).hasResourceProperties('AWS::IoT::Policy', {
      PolicyDocument: { Statement: [{ Action: 'iot:AssumeRoleWithCertificate', Resource: { 'Fn::Join': ['', Match.arrayWith([{ Ref: logicalId }])] } }] },
    });
  });
});

describe('credential variables', () => {
  test('reach the role as they are, for each device to have its own', () => {
    new s3.Bucket(stack, 'Bucket').grantPut(define().role, `${CredentialVariable.THING_NAME}/*`);

    Template.fromStack(stack).hasResourceProperties('AWS::IAM::Policy', {
      PolicyDocument: { Statement: [{ Resource: { 'Fn::Join': ['', [Match.anyValue(), '/${credentials-iot:ThingName}/*']] } }] },
    });
  });

  test('have the names that AWS documents', () => {
    expect({ ...CredentialVariable }).toEqual({
      THING_NAME: '${credentials-iot:ThingName}',
      THING_TYPE_NAME: '${credentials-iot:ThingTypeName}',
      CERTIFICATE_ID: '${credentials-iot:AwsCertificateId}',
    });
  });
});

describe('attributes', () => {
  test('are those of the resource', () => {
    const alias = define();
    const logicalId = stack.getLogicalId(alias.node.defaultChild as iot.CfnRoleAlias);
    expect(stack.resolve([alias.roleAliasName, alias.roleAliasRef])).toEqual([
      { Ref: logicalId },
      { roleAlias: { Ref: logicalId }, roleAliasArn: { 'Fn::GetAtt': [logicalId, 'RoleAliasArn'] } },
    ]);
  });

  test.each([[undefined], ['cameras'], [PhysicalName.GENERATE_IF_NEEDED]])('can be used in another Region with the name %s', (roleAliasName) => {
    const here = new Stack(app, 'Here', { env: ENV });
    const there = new Stack(app, 'There', { env: { ...ENV, region: 'us-east-1' } });
    const alias = new RoleAlias(here, 'Alias', roleAliasName === undefined ? {} : { roleAliasName });
    new CfnOutput(there, 'Arn', { value: alias.roleAliasArn });
    const name = nameIn(here);

    expect(name).toMatch(/^[\w-]+$/);
    Template.fromStack(there).hasOutput('Arn', {
      Value: { 'Fn::Join': ['', ['arn:', { Ref: 'AWS::Partition' }, `:iot:eu-central-1:123456789012:rolealias/${name}`]] },
    });
  });

  test('carry tags', () => {
    Tags.of(define()).add('team', 'video');
    Template.fromStack(stack).hasResourceProperties(ALIAS, { Tags: [{ Key: 'team', Value: 'video' }] });
  });
});

describe('an imported role alias', () => {
  test('has the ARN of the stack when it is known by name', () => {
    const alias = RoleAlias.fromRoleAliasName(new Stack(app, 'Known', { env: ENV }), 'Alias', 'cameras');
    expect(alias.roleAliasName).toBe('cameras');
    expect(alias.stack.resolve(alias.roleAliasArn)).toEqual({ 'Fn::Join': ['', ['arn:', { Ref: 'AWS::Partition' }, ':iot:eu-central-1:123456789012:rolealias/cameras']] });
  });

  test('has the account and Region of its ARN', () => {
    const alias = RoleAlias.fromRoleAliasArn(stack, 'Alias', 'arn:aws-cn:iot:cn-north-1:210987654321:rolealias/cameras');
    expect(alias.roleAliasName).toBe('cameras');
    expect(alias.env).toEqual({ account: '210987654321', region: 'cn-north-1' });
  });

  test('may be a token', () => {
    const alias = RoleAlias.fromRoleAliasArn(stack, 'Alias', new CfnParameter(stack, 'Arn').valueAsString);
    expect(stack.resolve(alias.roleAliasName)).toEqual({ 'Fn::Select': [1, { 'Fn::Split': ['/', { Ref: 'Arn' }] }] });
  });

  test('fails for a bad name and for the ARN of its role', () => {
    expect(() => RoleAlias.fromRoleAliasName(stack, 'Alias', 'a b')).toThrow("'roleAliasName' must consist of letters, digits and _=,@-, got \"a b\" (at Stack)");
    expect(() => RoleAlias.fromRoleAliasArn(stack, 'Alias', 'arn:aws:iam::123456789012:role/cameras')).toThrow(
      `'roleAliasArn' must look like "arn:aws:iot:REGION:ACCOUNT:rolealias/NAME", got "arn:aws:iam::123456789012:role/cameras" (at Stack)`,
    );
    expect(() => RoleAlias.servicePrincipal(stack, 'a*')).toThrow("'roleAliasName' must consist of");
  });
});
