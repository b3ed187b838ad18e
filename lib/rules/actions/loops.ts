import { Annotations, Token } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';
import { invalid } from '../../private/errors';
import type { Query } from '../../sql';
import { asTopic, readTemplate } from '../templates';
import { mayOverlap } from '../topic-filters';

/** What AWS IoT publishes when it is asked on a topic of a shadow. https://docs.aws.amazon.com/iot/latest/developerguide/device-shadow-mqtt.html */
const ANSWERS = ['accepted', 'documents', 'rejected'];
const ASKS_SHADOW = /^\$aws\/things\/[^/]+\/shadow\/(name\/[^/]+\/)?(delete|get|update)$/;

/** An expression that is one level of a topic, whatever the message. */
const ONE_LEVEL = /^\s*topic\(\s*\d+\s*\)\s*$/i;

/** A rule that hears what it says goes on until AWS IoT throttles it. */
export function checkLoop(scope: IConstruct, publishesTo: string | undefined, query: Query | undefined): void {
  const from = query?.from;
  if (publishesTo === undefined || from === undefined || Token.isUnresolved(publishesTo)) {
    return;
  }
  const topic = asTopic(publishesTo);
  const filter = filterOf(topic);
  if (mayOverlap(filter, from)) {
    if (filter === topic && !Token.isUnresolved(from)) {
      throw invalid(scope, `'topic' must not be one that the rule listens to, "${from}": it would republish its own messages without end, got "${topic}"`);
    }
    warn(scope, `'${topic}' may become a topic that the rule listens to, "${from}", and then it republishes its own messages without end; give it another first level`);
  } else if (ASKS_SHADOW.test(filter) && ANSWERS.some((answer) => mayOverlap(`${filter}/${answer}`, from))) {
    warn(scope, `AWS IoT answers to '${topic}' on a topic that the rule listens to, "${from}", and it would ask again without end; let WHERE leave out what it asked for`);
  }
}

function warn(scope: IConstruct, text: string): void {
  Annotations.of(scope).addWarningV2('cdk-iot-warden:RuleAction.republishLoop', text);
}

/** A topic filter for what a template may become: from one on that is not a level for sure, it may be several. */
function filterOf(topic: string): string {
  const levels = readTemplate(topic)
    .map(({ kind, text }) => (kind === 'text' ? text : ONE_LEVEL.test(text) ? '+' : '#'))
    .join('')
    .split('/');
  const end = levels.findIndex((level) => level.includes('#'));
  return [...levels.slice(0, end < 0 ? undefined : end).map((level) => (level.includes('+') ? '+' : level)), ...end < 0 ? [] : ['#']].join('/');
}
