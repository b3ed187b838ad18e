import { plain, templated, type ActionDefinition } from './definition';

/** Options for sending messages to AWS IoT Events. */
export interface IotEventsActionOptions {
  /**
   * Whether each element of the array that the statement selects is a message of its own, at most 10 of them.
   *
   * @default false
   */
  readonly batch?: boolean;

  /**
   * The id of the message, of which a detector takes only one. Substitution templates are replaced.
   *
   * @default - a new id for each
   */
  readonly messageId?: string;
}

/** @see https://docs.aws.amazon.com/iot/latest/developerguide/iotevents-rule-action.html */
export function iotEventsAction(inputName: string, { batch, messageId }: IotEventsActionOptions): ActionDefinition {
  return {
    kind: 'IotEvents',
    takesArray: batch,
    problem: () => (batch && messageId !== undefined ? "'messageId' must be left out with 'batch', where AWS IoT makes the ids" : undefined),
    fields: [
      plain('inputName', inputName, { pattern: /^[a-zA-Z][\w]*$/, characters: 'a letter, and then letters, digits and _', maxLength: 128 }),
      templated('messageId', messageId, { pattern: /^[\w-]+$/, characters: 'letters, digits, - and _', maxLength: 128 }),
    ],
    permissions: (stack) => [{
      actions: ['iotevents:BatchPutMessage'],
      resources: [stack.formatArn({ service: 'iotevents', resource: 'input', resourceName: inputName })],
    }],
    render: (roleArn) => ({ iotEvents: { roleArn, inputName, batchMode: batch, messageId } }),
  };
}
