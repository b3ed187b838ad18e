import type * as iot from 'aws-cdk-lib/aws-iot';

/**
 * What becomes of a device that connects for the first time with a certificate of a registered CA. That connection is
 * always dropped, so that the device has to connect again.
 *
 * @see https://docs.aws.amazon.com/iot/latest/developerguide/auto-register-device-cert.html
 */
export class AutoRegistration {
  /**
   * Nothing: its certificate is not registered, and it cannot connect.
   */
  public static none(): AutoRegistration {
    return new AutoRegistration(false);
  }

  /**
   * It is set up by a template for just-in-time provisioning. Whatever the CA signs becomes a device, so let it sign
   * nothing else.
   */
  public static justInTimeProvisioning(template: iot.IProvisioningTemplateRef): AutoRegistration {
    return new AutoRegistration(true, template);
  }

  /**
   * Its certificate is registered as PENDING_ACTIVATION, and AWS IoT publishes that on
   * `$aws/events/certificates/registered/CA_ID` each time it connects, until a rule of yours has activated it.
   */
  public static justInTimeRegistration(): AutoRegistration {
    return new AutoRegistration(true);
  }

  private constructor(private readonly isEnabled: boolean, private readonly template?: iot.IProvisioningTemplateRef) {}

  /**
   * The properties of `AWS::IoT::CACertificate`.
   *
   * @internal
   */
  public _render(): Pick<iot.CfnCACertificateProps, 'autoRegistrationStatus' | 'registrationConfig' | 'removeAutoRegistration'> {
    return {
      autoRegistrationStatus: this.isEnabled ? 'ENABLE' : 'DISABLE',
      ...this.template && { registrationConfig: { templateName: this.template.provisioningTemplateRef.templateName } },
      // AWS IoT keeps a configuration that is merely no longer there, and would go on to provision with it.
      removeAutoRegistration: this.template === undefined,
    };
  }
}
