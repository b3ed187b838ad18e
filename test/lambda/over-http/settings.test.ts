import * as iam from 'aws-cdk-lib/aws-iam';
import * as iot from 'aws-cdk-lib/aws-iot';
import { AccountSettingRemoval, DefaultAuthorizer, EventConfigurations, FleetIndexing, IndexedField, IotEndpoint, IotEventType, IotLogging, IotLogLevel } from '../../../lib/account';
import { EndpointTls, TlsSecurityPolicy } from '../../../lib/endpoint';
import { SCOPE } from './local-account';
import { prove } from './prove';

const onRemoval = AccountSettingRemoval.RESTORE;

prove('configure-events', [{
  name: 'other events',
  define: (stack, version) => {
    if (version !== 'without') {
      new EventConfigurations(stack, 'Events', { events: [version === 'first' ? IotEventType.THING : IotEventType.JOB], onRemoval });
    }
  },
}]);

prove('configure-indexing', [{
  name: 'other fields, and groups',
  define: (stack, version) => {
    if (version !== 'without') {
      const field = IndexedField.ofNumber(`attributes.${version}`);
      new FleetIndexing(stack, 'Indexing', { customFields: [field], thingGroups: version === 'second', onRemoval });
    }
  },
}]);

prove('configure-logging', [{
  name: 'another level',
  arrange: ({ account }) => {
    account.setV2LoggingOptions({ roleArn: `arn:aws:iam::${SCOPE.accountId}:role/before`, defaultLogLevel: 'ERROR', disableAllLogs: false });
  },
  define: (stack, version) => {
    const role = iam.Role.fromRoleArn(stack, 'Role', `arn:aws:iam::${SCOPE.accountId}:role/log`);
    if (version !== 'without') {
      new IotLogging(stack, 'Logging', { role, logLevel: version === 'first' ? IotLogLevel.WARN : IotLogLevel.INFO, onRemoval });
    }
  },
}]);

prove('set-default-authorizer', [{
  name: 'another authorizer',
  define: (stack, version) => {
    const [one, two] = ['one', 'two'].map((authorizerName) => new iot.CfnAuthorizer(stack, `Authorizer ${authorizerName}`, {
      authorizerName, authorizerFunctionArn: `arn:aws:lambda:${SCOPE.region}:${SCOPE.accountId}:function:f`, status: 'ACTIVE', signingDisabled: true,
    }));
    if (version !== 'without') {
      new DefaultAuthorizer(stack, 'Default', { authorizer: version === 'first' ? one! : two! });
    }
  },
}]);

prove('configure-endpoint-tls', [{
  name: 'another policy, and another endpoint',
  arrange: ({ account }) => {
    account.updateDomainConfiguration({ domainConfigurationName: 'iot:Data-ATS', tlsConfig: { securityPolicy: TlsSecurityPolicy.TLS12_1_2_2022_10 } });
  },
  define: (stack, version) => {
    if (version !== 'without') {
      const strict = TlsSecurityPolicy.TLS13_1_3_2022_10;
      new EndpointTls(stack, 'Tls', version === 'first' ? { data: strict, jobs: strict } : { data: TlsSecurityPolicy.TLS13_1_2_2022_10, credentialProvider: strict });
    }
  },
}]);

prove('describe-endpoint', [{
  name: 'both endpoints',
  isReadOnly: true,
  define: (stack, version) => {
    if (version !== 'without') {
      IotEndpoint.of(stack);
    }
  },
}]);
