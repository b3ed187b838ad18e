import { randomUUID } from 'node:crypto';
import { asText, propertyOf } from '../deployment';
import type { Deployment } from '../deployment';
import { showText } from '../policy';
import type { Account } from './account';
import type { Credentials, RoleSession } from './aws';
import type { Clock } from './clock';
import { CredentialProvider } from './credentials';
import { LifecycleEvents, publishRegistryEvents } from './events';
import type { DataRoute } from './front/data-plane';
import type { Guard } from './guard';
import type { Journal } from './journal';
import type { JobsService } from './jobs';
import { mayInvoke } from './lambda';
import type { Functions } from './lambda';
import { RolePermissions } from './iam';
import type { Broker } from './mqtt/broker';
import type { TopicService } from './mqtt/topic-service';
import { FleetProvisioning, JustInTime, OwnershipTokens, Provisioner } from './provisioning';
import type { CertificateIssuer } from './provisioning';
import type { Registry } from './registry';
import { RuleDeliveries, inspectRules, readRules, runRules } from './rules';
import type { RuleProps } from './rules';
import { ShadowService, Shadows, serveShadowTopics, shadowRoutes } from './shadows';
import type { Storage } from './storage';

export interface DeviceServicesProps {
  readonly account: Account;
  readonly authority: CertificateIssuer;
  readonly broker: Broker;
  readonly clock: Clock;
  readonly functions: Functions;
  readonly guard: Guard;
  readonly jobs: Pick<JobsService, 'follow' | 'service'>;
  readonly journal: Journal;
  readonly registry: Registry;
  readonly storage: Storage;

  /** Whether requests to a shadow beyond the rate of AWS IoT are refused. */
  readonly enforceShadowRate?: boolean | undefined;

  /** Hand out credentials of a role that are accepted until they expire, in milliseconds since the epoch. */
  readonly issueCredentials: (expiration: number, session: RoleSession) => Credentials;

  /** What actions of rules write to. */
  readonly standIns?: RuleProps['standIns'];
}

/** What AWS IoT Core does for devices beside passing messages on. */
export interface DeviceServices {
  /** Answers what is published to reserved topics. */
  readonly service: TopicService;
  readonly watcher: LifecycleEvents;
  readonly justInTime: JustInTime;
  readonly credentials: CredentialProvider;
  readonly provisioner: Provisioner;
  readonly shadows: Shadows;

  /** What is served over HTTPS. */
  readonly routes: readonly DataRoute[];

  /** What the actions of rules did. */
  readonly deliveries: RuleDeliveries;

  /**
   * Run the rules of a deployment, and its certificate provider, in the place of those of the one before.
   *
   * @returns what of it the twin does not run, for a person
   */
  follow(deployment: Deployment): readonly string[];
  stop(): void;
}

/** Provisioning, events, rules, shadows and credentials, put together. */
export function startDeviceServices(props: DeviceServicesProps): DeviceServices {
  const { account, authority, broker, clock, functions, guard, jobs, journal, registry, storage, issueCredentials, standIns } = props;
  const publish = (topic: string, payload: Buffer): void => broker.publish({ topic, payload, qos: 1, retain: false });
  const provisioner = new Provisioner(account, authority);
  const tokens = new OwnershipTokens(account, clock);
  const shadows = new Shadows({ storage, clock });
  const shadowService = new ShadowService({ shadows, broker, clock, journal, enforceRate: props.enforceShadowRate === true });
  const endShadows = serveShadowTopics(shadowService, broker, clock);
  let certificateProvider: string | undefined;
  const deliveries = new RuleDeliveries();
  let endRules = (): void => undefined;
  publishRegistryEvents({ account, now: () => clock.now(), newEventId: randomUUID, publish });
  return {
    service: inTurn(new FleetProvisioning({ account, authority, provisioner, tokens, functions, journal, certificateProvider: () => certificateProvider }), jobs.service),
    watcher: new LifecycleEvents({
      broker,
      clock,
      newSessionIdentifier: randomUUID,
      exclusiveThingOf: (certificateId) => registry.find(certificateId)?.things.find(({ exclusive }) => exclusive)?.name,
    }),
    justInTime: new JustInTime({ account, provisioner, journal, clock, publish }),
    credentials: new CredentialProvider({ account, registry, guard, clock, issue: issueCredentials }),
    provisioner,
    deliveries,
    shadows,
    routes: shadowRoutes(shadowService, shadows),
    follow: (deployment) => {
      const { rules, notRun } = readRules(deployment);
      const roles = new RolePermissions(() => deployment);
      endRules();
      endRules = runRules(rules, {
        broker,
        clock,
        functions,
        journal,
        deliveries,
        account: account.scope,
        registry: account,
        deployment,
        roles,
        objectToInvoke: (functionArn, ruleName) => (mayInvoke(deployment, functionArn, account.arn(`rule/${ruleName}`)) ? undefined
          : `no AWS::Lambda::Permission lets iot.amazonaws.com invoke it for ${account.arn(`rule/${ruleName}`)}`),
        shadow: (thingName, shadowName) => shadows.get(thingName, shadowName),
        ...standIns && { standIns },
      });
      certificateProvider = certificateProviderOf(deployment);
      return [...notRun, ...inspectRules(rules, account.scope, deployment, roles), ...jobs.follow(deployment)];
    },
    stop: () => {
      endRules();
      endShadows();
      tokens.stop();
    },
  };
}

/** What is published is for the first service whose topic it is. */
function inTurn(...services: readonly TopicService[]): TopicService {
  return { receive: (topic, payload, requester) => services.some((service) => service.receive(topic, payload, requester)) };
}

/** The function that signs in place of AWS IoT, as far as it is known; an account has one certificate provider at most. */
function certificateProviderOf({ resources }: Deployment): string | undefined {
  const provider = resources.find(({ type }) => type === 'AWS::IoT::CertificateProvider');
  const functionArn = provider === undefined ? undefined : asText(propertyOf(provider.properties, 'LambdaFunctionArn'));
  return functionArn === undefined ? undefined : showText(functionArn);
}
