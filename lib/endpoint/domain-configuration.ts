import { createHash } from 'node:crypto';
import { Annotations, Names, RemovalPolicy, Resource, Stack, Token, type CfnResource, type IResource } from 'aws-cdk-lib';
import type * as acm from 'aws-cdk-lib/aws-certificatemanager';
import * as iot from 'aws-cdk-lib/aws-iot';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as route53 from 'aws-cdk-lib/aws-route53';
import type { Construct } from 'constructs';
import { DomainAuthentication } from './domain-authentication';
import type { OcspStapling } from './ocsp-stapling';
import { isInChina, isInGovCloud, regionOf } from './regions';
import { requireSameRegion, requireServerCertificate } from './server-certificate';
import { requireTlsPolicy, TlsSecurityPolicy } from './tls-security-policy';
import { IotAction, IotPolicyEffect, IotResource, type IotPolicyStatement } from '../access';
import { IotEndpoint } from '../account';
import { iotArn, nameFromArn } from '../private/arns';
import { invalid, quote } from '../private/errors';
import { requireText, type TextRule } from '../private/text';

/** https://docs.aws.amazon.com/iot/latest/apireference/API_CreateDomainConfiguration.html */
const CONFIGURATION_NAME: TextRule = { pattern: /^[\w.-]+$/, characters: 'letters, digits and _.-', maxLength: 128 };
const RESERVED_NAME = /^iot:/i;

/** What a client can ask for in its TLS handshake. */
const DOMAIN_NAME: TextRule = {
  pattern: /^(?!-)[a-z0-9-]{1,63}(?<!-)(\.(?!-)[a-z0-9-]{1,63}(?<!-))+$/,
  characters: 'two or more labels of a-z, 0-9 and -, with dots between them',
  maxLength: 253,
};

const TYPE = 'domainconfiguration';

/** Distinguishes a configuration from the one that it replaces. */
const HASH_CHARS = 8;

/** What the clients of a domain come for. */
export enum DomainServiceType {
  /** MQTT, HTTPS publishing, shadows and jobs. */
  DATA = 'DATA',
  /** AWS credentials in exchange for a certificate. */
  CREDENTIAL_PROVIDER = 'CREDENTIAL_PROVIDER',
  /** Jobs alone. */
  JOBS = 'JOBS',
}

/** Represents a domain configuration, owned by this app or not. */
export interface IDomainConfiguration extends IResource, iot.IDomainConfigurationRef {
  /**
   * The name of this domain configuration, which is not that of the domain.
   *
   * @attribute
   */
  readonly domainConfigurationName: string;

  /**
   * The ARN of this domain configuration. AWS IoT ends it with an id that is not known before.
   *
   * @attribute
   */
  readonly domainConfigurationArn: string;
}

/** Properties for defining a domain configuration. */
export interface DomainConfigurationProps {
  /**
   * The domain that clients connect to, such as `iot.example.com`, in lower case.
   *
   * Another domain replaces the configuration. Devices must be able to go on using the old one.
   *
   * @default - AWS IoT makes up a name, for which it has the certificate
   */
  readonly domainName?: string;

  /**
   * The certificate of the domain: in AWS Certificate Manager and in this Region, with a key of RSA 2048 or P-256 and at most
   * four names. Give one with `domainName`, and always.
   *
   * Let ACM renew it, or import the next one into the same ARN: AWS IoT serves it within the hour. Another certificate
   * resource replaces the configuration, which AWS IoT refuses while there is one for the domain.
   *
   * @default - AWS IoT has one for the name that it makes up
   */
  readonly certificate?: acm.ICertificate;

  /**
   * A certificate of a public CA for the domain, which proves that it is yours, where `certificate` is private or
   * self-signed. Devices never see it.
   *
   * @default - `certificate` is of a public CA
   */
  readonly validationCertificate?: acm.ICertificate;

  /**
   * Where the domain gets a CNAME record that leads to AWS IoT. The domain cannot be the name of the zone itself.
   *
   * @default - no record: lead the domain to `IotEndpoint.of(scope).dataAddress` yourself
   */
  readonly hostedZone?: route53.IHostedZone;

  /**
   * How clients prove who they are, and what they speak.
   *
   * @default DomainAuthentication.x509(ApplicationProtocol.SECURE_MQTT)
   */
  readonly authentication?: DomainAuthentication;

  /**
   * Whether clients may name any other authorizer of the account instead of the one in `authentication`.
   *
   * @default false
   */
  readonly allowAuthorizerOverride?: boolean;

  /**
   * Which versions of TLS, and which ciphers, AWS IoT agrees to. China has none to choose from.
   *
   * @default TlsSecurityPolicy.TLS13_1_2_2022_10; what AWS IoT has there in China and AWS GovCloud (US)
   */
  readonly tlsSecurityPolicy?: TlsSecurityPolicy;

  /**
   * Whether `tlsSecurityPolicy` may be one that keeps all devices from TLS 1.3.
   *
   * @default false
   */
  readonly allowLegacyTls?: boolean;

  /**
   * Where AWS IoT asks if `certificate` has been revoked, to tell clients. Not for self-signed certificates, and not in AWS
   * GovCloud (US).
   *
   * @default - clients learn nothing about that
   */
  readonly ocspStapling?: OcspStapling;

  /**
   * A function that decides about the certificate of every client that connects, after TLS: AWS IoT itself looks at no
   * revocation list. It gets `{ clientCertificateChain, principalId, serverName, … }` and returns `{ isAuthenticated }`.
   *
   * Give it enough concurrency for the day when all devices come back at once. Not in AWS GovCloud (US).
   *
   * @default - the certificate must be active in AWS IoT, and that is all
   * @see https://docs.aws.amazon.com/iot/latest/developerguide/customize-client-auth.html
   */
  readonly clientCertificateCallback?: lambda.IFunction;

  /**
   * What clients come for. Own domains are for data.
   *
   * @default DomainServiceType.DATA
   */
  readonly serviceType?: DomainServiceType;

  /**
   * Whether clients may connect.
   *
   * @default true
   */
  readonly enabled?: boolean;

  /**
   * The name of the configuration: 1 to 128 letters, digits and `_.-`. With a name of your own, what replaces the
   * configuration fails, as the name is taken.
   *
   * @default - a name made of the construct's path and of what replaces the configuration when it changes
   */
  readonly domainConfigurationName?: string;

  /**
   * What becomes of the configuration, with its record and the permissions of its functions, when it leaves the stack or is
   * replaced. Devices cannot connect to a domain that is gone.
   *
   * @default - RETAIN for a name that AWS IoT makes up, which it keeps for seven days; DESTROY for a domain of your own
   */
  readonly removalPolicy?: RemovalPolicy;
}

abstract class DomainConfigurationBase extends Resource implements IDomainConfiguration {
  public abstract readonly domainConfigurationName: string;
  public abstract readonly domainConfigurationArn: string;

  public get domainConfigurationRef(): iot.DomainConfigurationReference {
    return { domainConfigurationName: this.domainConfigurationName, domainConfigurationArn: this.domainConfigurationArn };
  }
}

/**
 * Defines a domain that clients of AWS IoT connect to, with its certificate, versions of TLS and ways to authenticate.
 *
 * Clients must send the name of the domain in the TLS handshake (SNI). An account has at most 10 in a Region.
 *
 * @resource AWS::IoT::DomainConfiguration
 * @see https://docs.aws.amazon.com/iot/latest/developerguide/iot-custom-endpoints-configurable.html
 */
export class DomainConfiguration extends DomainConfigurationBase {
  /** Refers to a domain configuration that exists outside this app. Its ARN ends with `*`, as policies take it. */
  public static fromDomainConfigurationName(scope: Construct, id: string, domainConfigurationName: string): IDomainConfiguration {
    requireName(scope, domainConfigurationName);
    class Import extends DomainConfigurationBase {
      public readonly domainConfigurationName = domainConfigurationName;
      public readonly domainConfigurationArn = iotArn(this, TYPE, `${domainConfigurationName}/*`);
    }
    return new Import(scope, id);
  }

  /** Refers to a domain configuration that exists outside this app, in the account and Region that the ARN names. */
  public static fromDomainConfigurationArn(scope: Construct, id: string, domainConfigurationArn: string): IDomainConfiguration {
    const [, withoutId = domainConfigurationArn] = /^(.+\/.+)\/[^/]+$/.exec(domainConfigurationArn) ?? [];
    const domainConfigurationName = nameFromArn(scope, 'domainConfigurationArn', withoutId, TYPE);
    class Import extends DomainConfigurationBase {
      public readonly domainConfigurationName = domainConfigurationName;
      public readonly domainConfigurationArn = domainConfigurationArn;
    }
    return new Import(scope, id, { environmentFromArn: domainConfigurationArn });
  }

  public readonly domainConfigurationName: string;
  public readonly domainConfigurationArn: string;

  /** The domain that clients connect to; nothing where AWS IoT makes up the name. */
  public readonly domainName?: string;

  constructor(scope: Construct, id: string, props: DomainConfigurationProps = {}) {
    super(scope, id, { physicalName: props.domainConfigurationName });

    const { domainName, certificate, validationCertificate, serviceType = DomainServiceType.DATA, ocspStapling, clientCertificateCallback } = props;
    const authentication = serviceType === DomainServiceType.DATA ? props.authentication ?? DomainAuthentication.x509() : undefined;
    this.validate(props, authentication);

    // https://docs.amazonaws.cn/en_us/iot/latest/developerguide/iot-endpoints-tls-config.html: TLS 1.3 "excluding AWS GovCloud (US)"
    const tlsSecurityPolicy = props.tlsSecurityPolicy ?? (isInChina(this) || isInGovCloud(this) ? undefined : TlsSecurityPolicy.TLS13_1_2_2022_10);
    const removalPolicy = props.removalPolicy ?? (domainName === undefined ? RemovalPolicy.RETAIN : undefined);
    const name = props.domainConfigurationName ?? this.makeName([domainName, certificate?.certificateArn, validationCertificate?.certificateArn, serviceType]);
    const resource = new iot.CfnDomainConfiguration(this, 'Resource', {
      domainConfigurationName: name,
      domainName,
      serverCertificateArns: certificate && [certificate.certificateArn],
      validationCertificateArn: validationCertificate?.certificateArn,
      serviceType,
      domainConfigurationStatus: props.enabled ?? true ? 'ENABLED' : 'DISABLED',
      tlsConfig: tlsSecurityPolicy && { securityPolicy: tlsSecurityPolicy },
      authenticationType: authentication?._type,
      applicationProtocol: authentication?._protocol,
      authorizerConfig: authentication?._authorizer && {
        defaultAuthorizerName: authentication._authorizer.authorizerRef.authorizerName,
        allowAuthorizerOverride: props.allowAuthorizerOverride ?? false,
      },
      serverCertificateConfig: ocspStapling && {
        enableOcspCheck: true,
        ocspLambdaArn: ocspStapling._responder?.functionArn,
        ocspAuthorizedResponderArn: ocspStapling._authorizedResponder?.certificateArn,
      },
      clientCertificateConfig: clientCertificateCallback && { clientCertificateCallbackArn: clientCertificateCallback.functionArn },
    });
    if (authentication?._authorizer) {
      // AWS IoT does not delete an authorizer that a domain names, so that the domain has to go first.
      resource.node.addDependency(authentication._authorizer);
    }
    const functions = { CallbackPermission: clientCertificateCallback, ResponderPermission: ocspStapling?._responder };
    const permissions = Object.entries(functions).flatMap(([permissionId, target]) => (target ? this.permit(permissionId, target, name) : []));
    resource.node.addDependency(...permissions);
    const record = this.defineRecord(props, resource);
    if (removalPolicy !== undefined) {
      [resource, ...permissions, ...record].forEach((each) => each.applyRemovalPolicy(removalPolicy));
    }

    this.domainName = domainName;
    this.domainConfigurationName = this.getResourceNameAttribute(resource.ref);
    this.domainConfigurationArn = this.getResourceArnAttribute(resource.attrArn, { service: 'iot', resource: TYPE, resourceName: `${this.physicalName}/*` });
  }

  /**
   * Returns a statement that denies everything but connecting to this domain, whatever else is allowed: for a policy beside
   * those of the devices.
   *
   * Without it, devices can get around what a domain asks of them, such as its `clientCertificateCallback` and its TLS policy,
   * through the endpoint that every account has. AWS credentials, which come from elsewhere, are not denied.
   *
   * @param others Further domains that are not denied.
   */
  public denyElsewhere(...others: DomainConfiguration[]): IotPolicyStatement {
    return {
      effect: IotPolicyEffect.DENY,
      actions: Object.values(IotAction).filter((action) => action !== IotAction.ASSUME_ROLE_WITH_CERTIFICATE),
      otherActions: ['greengrass:*'],
      resources: [IotResource.any()],
      // Negated operators match where the key is missing: for devices that send no server name.
      conditions: { StringNotEquals: { 'iot:DomainName': [this, ...others].map((domain) => domain.requireDomainName()) } },
    };
  }

  private requireDomainName(): string {
    if (this.domainName === undefined) {
      throw invalid(this, "'domainName' must be given for policies that name it: what AWS IoT makes up is known only after deployment");
    }
    return this.domainName;
  }

  private validate(props: DomainConfigurationProps, authentication: DomainAuthentication | undefined): void {
    const { domainName, certificate, validationCertificate, serviceType = DomainServiceType.DATA, domainConfigurationName } = props;
    requireName(this, domainConfigurationName);
    requireText(this, 'domainName', domainName, DOMAIN_NAME);
    if (domainName !== undefined) {
      if (certificate === undefined) {
        throw invalid(this, `'certificate' must be given with 'domainName': AWS IoT has no certificate for ${quote(domainName)}`);
      }
      if (serviceType !== DomainServiceType.DATA) {
        throw invalid(this, `'serviceType' must be DATA with 'domainName', got ${serviceType}; leave out 'domainName'`);
      }
      requireServerCertificate(this, certificate, domainName, validationCertificate !== undefined);
      if (validationCertificate) {
        requireSameRegion(this, 'validationCertificate', validationCertificate);
      }
      this.requireZone(domainName, props.hostedZone);
    } else {
      const lost = (['certificate', 'validationCertificate', 'hostedZone', 'ocspStapling'] as const).find((prop) => props[prop] !== undefined);
      if (lost !== undefined) {
        throw invalid(this, `'${lost}' is for a domain of your own, and must not be given without 'domainName'`);
      }
    }
    if (props.authentication && !authentication) {
      throw invalid(this, `'authentication' must not be given with the 'serviceType' ${serviceType}, whose clients always have a certificate`);
    }
    this.validateAuthentication(props, authentication);
    if (props.tlsSecurityPolicy !== undefined) {
      requireTlsPolicy(this, 'tlsSecurityPolicy', props.tlsSecurityPolicy, props.allowLegacyTls ?? false);
    }
    this.validateRegion(props, authentication);
    this.warn(props);
  }

  private validateAuthentication(props: DomainConfigurationProps, authentication: DomainAuthentication | undefined): void {
    authentication?._validate(this, 'authentication');
    if (props.allowAuthorizerOverride !== undefined && authentication?._authorizer === undefined) {
      throw invalid(this, "'allowAuthorizerOverride' must not be given where 'authentication' names no authorizer");
    }
    if (props.clientCertificateCallback && authentication?._needsCertificate !== true) {
      throw invalid(this, "'clientCertificateCallback' needs clients with a certificate; use DomainAuthentication.x509 or DomainAuthentication.customAuthX509");
    }
  }

  private requireZone(domainName: string, zone?: route53.IHostedZone): void {
    if (zone === undefined || Token.isUnresolved(domainName) || Token.isUnresolved(zone.zoneName)) {
      return;
    }
    if (!domainName.endsWith(`.${zone.zoneName}`)) {
      throw invalid(this, `'domainName' must be a name under the hosted zone, such as iot.${zone.zoneName}, got ${quote(domainName)}`);
    }
  }

  /** The environment is no reason to throw: the stacks of other Regions still deploy. */
  private validateRegion(props: DomainConfigurationProps, authentication: DomainAuthentication | undefined): void {
    if (!isInGovCloud(this)) {
      return;
    }
    Annotations.of(this).addWarningV2(
      'cdk-iot-warden:DomainConfiguration.govCloud',
      'AWS documents that AWS GovCloud (US) has no domain configurations; see if yours has them before you rely on this one',
    );
    const missing = {
      'DomainAuthentication.customAuthX509': authentication?._type === 'CUSTOM_AUTH_X509',
      "'clientCertificateCallback'": props.clientCertificateCallback !== undefined,
      "'ocspStapling'": props.ocspStapling !== undefined,
    };
    for (const [feature] of Object.entries(missing).filter(([, isUsed]) => isUsed)) {
      Annotations.of(this).addError(`${feature} is not there in ${regionOf(this)}: AWS IoT does not have it in AWS GovCloud (US)`);
    }
  }

  private warn(props: DomainConfigurationProps): void {
    if (props.domainConfigurationName !== undefined) {
      Annotations.of(this).addWarningV2(
        'cdk-iot-warden:DomainConfiguration.fixedName',
        "another 'domainName', 'certificate' or 'serviceType' cannot be deployed while 'domainConfigurationName' is taken; leave it out, and each gets a name of its own",
      );
    }
    if (props.domainName === undefined && props.removalPolicy === RemovalPolicy.DESTROY) {
      Annotations.of(this).addWarningV2(
        'cdk-iot-warden:DomainConfiguration.slowRemoval',
        "AWS IoT deletes a name that it has made up seven days after it was disabled, so that the stack fails to delete; set 'enabled' to false that long before",
      );
    }
  }

  /** A name that changes with what replaces the configuration, known before deployment: permissions name it. */
  private makeName(replacing: readonly (string | undefined)[]): string {
    const name = Names.uniqueResourceName(this, { maxLength: CONFIGURATION_NAME.maxLength - HASH_CHARS - 1, separator: '-', allowedSpecialCharacters: '_-' });
    const hash = createHash('sha256').update(JSON.stringify(Stack.of(this).resolve(replacing))).digest('hex').slice(0, HASH_CHARS);
    return `${name}-${hash}`;
  }

  private permit(id: string, target: lambda.IFunction, name: string): lambda.CfnPermission {
    return new lambda.CfnPermission(this, id, {
      action: 'lambda:InvokeFunction',
      functionName: target.functionArn,
      principal: 'iot.amazonaws.com',
      sourceAccount: Stack.of(this).account,
      // From the name: the configuration itself needs the permission. AWS IoT ends the ARN with an id.
      sourceArn: iotArn(this, TYPE, `${name}/*`),
    });
  }

  private defineRecord({ domainName, hostedZone: zone }: DomainConfigurationProps, resource: iot.CfnDomainConfiguration): CfnResource[] {
    if (zone === undefined || domainName === undefined) {
      return [];
    }
    const record = new route53.CnameRecord(this, 'Record', { zone, recordName: `${domainName}.`, domainName: IotEndpoint.of(this).dataAddress });
    // A domain that leads to AWS IoT before it is known there shows clients the wrong certificate.
    record.node.addDependency(resource);
    return [record.node.defaultChild as CfnResource];
  }
}

function requireName(scope: Construct, name: string | undefined): void {
  if (name !== undefined && RESERVED_NAME.test(name)) {
    throw invalid(scope, `'domainConfigurationName' must not begin with "IoT:", which AWS keeps for itself, got ${quote(name)}; for the endpoints of the account, see EndpointTls`);
  }
  requireText(scope, 'domainConfigurationName', name, CONFIGURATION_NAME);
}
