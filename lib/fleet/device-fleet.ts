import { Annotations, Token } from 'aws-cdk-lib';
import * as iot from 'aws-cdk-lib/aws-iot';
import { Construct } from 'constructs';
import { checkReuse } from './certificate-reuse';
import { FleetChannel } from './fleet-channel';
import { IotPolicy } from '../access';
import { DeviceCertificate, type CommonDeviceCertificateProps } from '../certificates';
import { invalid } from '../private/errors';
import { Thing, type IThing } from '../registry';
import { PlaceholderValues, TopicSpace, type TopicSpaceProps } from '../topics';
import { TopicError } from '../topics/errors';

/** Subscriptions of one connection. https://docs.aws.amazon.com/general/latest/gr/iot-core.html */
const MAX_SUBSCRIPTIONS = 50;

type Attributes = { readonly [name: string]: string };

/** Properties for defining a fleet. */
export interface DeviceFleetProps extends TopicSpaceProps {
  /**
   * Names of things to define, for devices that have no attributes. Others can be added with `addThing`.
   *
   * @default - no things
   */
  readonly things?: string[];

  /**
   * Whether a session may outlive its connection, so that AWS IoT keeps messages for a device that is away.
   *
   * With `false`, a device that asks for a persistent session cannot connect.
   *
   * @default - true if the devices subscribe to something
   * @see https://docs.aws.amazon.com/iot/latest/developerguide/mqtt.html#mqtt-persistent-sessions
   */
  readonly persistentSessions?: boolean;
}

/** Options for a thing of a fleet. */
export interface FleetThingOptions {
  /**
   * The name of the thing, which is also the client id that its device must connect with.
   *
   * @default - the id
   */
  readonly thingName?: string;

  /**
   * Facts about the thing. Those that channels depend on must have a value without `/` and `#`.
   *
   * @default - no attributes
   */
  readonly attributes?: { [name: string]: string };
}

/** Properties for a certificate of a device in a fleet: either `csr` or `certificatePem`. */
export interface FleetCertificateProps extends CommonDeviceCertificateProps {
  /** The thing that the certificate identifies, and no other. */
  readonly thing: IThing;

  /**
   * A certificate signing request as PEM text, for AWS IoT to issue the certificate. The private key stays on the device.
   *
   * @default - the certificate is given by `certificatePem`
   */
  readonly csr?: string;

  /**
   * A certificate that another certificate authority issued, as PEM text.
   *
   * @default - the certificate is issued for `csr`
   */
  readonly certificatePem?: string;

  /**
   * The certificate of the registered CA that issued `certificatePem`, as PEM text.
   *
   * @default - the certificate is registered without a CA, and the device must send the server name (SNI)
   */
  readonly caCertificatePem?: string;
}

/**
 * Devices that share one set of policies.
 *
 * A fleet without options is closed: a device may connect as itself and nothing else. Each topic, shadow and job
 * permission is declared, and policies that grant exactly that are made once for the whole fleet.
 *
 * A device needs a certificate that is attached to its thing, and connects over MQTT with the name of the thing as its
 * client id. Publishing over HTTPS is not possible: policies do not know the thing there.
 */
export class DeviceFleet extends Construct {
  /** What the devices may say and hear. */
  public readonly topicSpace: TopicSpace;

  /** The policies of the fleet; each device has all of them. */
  public readonly policies: IotPolicy[];

  private readonly thingScope: Construct;
  private readonly certificateScope: Construct;

  constructor(scope: Construct, id: string, props: DeviceFleetProps = {}) {
    super(scope, id);

    this.topicSpace = this.placed(() => new TopicSpace(props));
    this.warnOfManySubscriptions();
    this.policies = IotPolicy.forDevices(this, 'Policy', {
      topicSpace: this.topicSpace,
      ...props.persistentSessions !== undefined && { persistentSessions: props.persistentSessions },
    });
    this.thingScope = new Construct(this, 'Things');
    this.certificateScope = new Construct(this, 'Certificates');
    this.addThings(props.things ?? []);
  }

  /** Returns the channel that was declared under this name. */
  public channel(name: string): FleetChannel {
    return new FleetChannel(name, this.placed(() => this.topicSpace.channel(name)));
  }

  /** Defines the thing of a device. */
  public addThing(id: string, options: FleetThingOptions = {}): Thing {
    const attributes = options.attributes ?? {};
    this.requireAttributes(attributes);
    const thing = new Thing(this.thingScope, id, { ...options, thingName: options.thingName ?? id });
    this.warnOfClosedChannels(thing, attributes);
    return thing;
  }

  /** Defines the things of several devices, by their names. */
  public addThings(thingNames: string[]): Thing[] {
    if (Token.isUnresolved(thingNames)) {
      throw invalid(this, "'things' must name each thing in the app; a list known only at deployment cannot be used");
    }
    return thingNames.map((thingName) => this.addThing(thingName));
  }

  /** Defines the certificate of a device, attached to its thing alone and with the policies of the fleet. */
  public addCertificate(id: string, props: FleetCertificateProps): DeviceCertificate {
    this.checkForeignThing(props.thing);
    const certificate = this.defineCertificate(id, props);
    checkReuse(certificate, props);
    certificate.attachThing(props.thing);
    for (const policy of this.policies) {
      certificate.attachPolicy(policy);
    }
    return certificate;
  }

  private defineCertificate(id: string, { csr, certificatePem, caCertificatePem, ...common }: FleetCertificateProps): DeviceCertificate {
    if (csr !== undefined && certificatePem === undefined && caCertificatePem === undefined) {
      return DeviceCertificate.fromCsr(this.certificateScope, id, { ...common, csr });
    }
    if (certificatePem !== undefined && csr === undefined) {
      return DeviceCertificate.fromPem(this.certificateScope, id, { ...common, certificatePem, ...caCertificatePem !== undefined && { caCertificatePem } });
    }
    throw invalid(this, `certificate '${id}' must have either 'csr', or 'certificatePem' with or without 'caCertificatePem'`);
  }

  /** With `/` or `#` in an attribute, a topic would reach into those of others; policies refuse it, too late to notice. */
  private requireAttributes(attributes: Attributes): void {
    if (Token.isUnresolved(attributes)) {
      return;
    }
    for (const name of this.topicSpace.attributes) {
      const value = attributes[name];
      if (value !== undefined && !Token.isUnresolved(value) && /[/#]/.test(value)) {
        throw invalid(this, `attribute '${name}' must have no '/' or '#', as channels depend on it, got "${value}"`);
      }
    }
  }

  /** A thing that was not defined by this fleet has the same attributes to check, where the app knows them. */
  private checkForeignThing(thing: IThing): void {
    const resource = thing.node.defaultChild;
    if (thing.node.scope === this.thingScope || !(resource instanceof iot.CfnThing)) {
      return;
    }
    const payload = resource.attributePayload ?? {};
    if (!('resolve' in payload)) {
      const attributes = (payload.attributes ?? {}) as Attributes;
      this.requireAttributes(attributes);
      this.warnOfClosedChannels(thing, attributes);
    }
  }

  private warnOfManySubscriptions(): void {
    const { length } = this.topicSpace.permissions(PlaceholderValues.policyVariables()).subscribe;
    if (length > MAX_SUBSCRIPTIONS) {
      Annotations.of(this).addWarningV2(
        'cdk-iot-warden:DeviceFleet.manySubscriptions',
        `a device needs ${length} subscriptions to hear everything, AWS IoT allows ${MAX_SUBSCRIPTIONS} for a connection; join channels with '+' or '#'`,
      );
    }
  }

  private warnOfClosedChannels(thing: IThing, attributes: Attributes): void {
    const missing = Token.isUnresolved(attributes) ? [] : this.topicSpace.attributes.filter((name) => attributes[name] === undefined);
    if (missing.length > 0) {
      Annotations.of(thing).addWarningV2(
        'cdk-iot-warden:DeviceFleet.missingAttribute',
        `the device cannot use channels that depend on ${missing.map((name) => `'${name}'`).join(' and ')}; set 'attributes'`,
      );
    }
    if (this.topicSpace.usesThingType) {
      Annotations.of(thing).addWarningV2(
        'cdk-iot-warden:DeviceFleet.missingThingType',
        "the device cannot use channels that depend on {type} until its thing has a type, which CloudFormation cannot set; use {attribute:NAME}",
      );
    }
  }

  /** Tell where in the app a mistake in the topics is. */
  private placed<T>(make: () => T): T {
    try {
      return make();
    } catch (error) {
      throw error instanceof TopicError ? invalid(this, error.message) : error;
    }
  }
}
