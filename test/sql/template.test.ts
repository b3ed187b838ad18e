import { compileTemplate, parseSql, parseTemplate, SqlError, substitute } from '../../lib/sql';
import { ENVIRONMENT, messageOf } from './message';

const MESSAGE = messageOf({ deviceid: 'iot123', temp: 54.98, coords: { latitude: 47.6 }, none: null }, 'my/iot/topic');

test.each([
  ['plain', 'plain'],
  ['', ''],
  // https://docs.aws.amazon.com/iot/latest/developerguide/iot-substitution-templates.html
  ['${topic()}/republish', 'my/iot/topic/republish'],
  ['device/${deviceid}/${topic(2)}', 'device/iot123/iot'],
  ['${temp * 2}', '109.96'],
  ['${coords}', '{"latitude":47.6}'],
  ['${ {"brace": "}"} }|${"}"}', '{"brace":"}"}|}'],
  ['${missing}${none}', ''],
  ['${parse_time("yyyy", timestamp(), "UTC")}', '2016'],
  ['${CASE deviceid WHEN "iot123" THEN "known" END}', 'known'],
  // https://docs.aws.amazon.com/iot/latest/developerguide/republish-rule-action.html
  ['$$aws/things/${deviceid}/shadow/update', '$aws/things/iot123/shadow/update'],
  ['$${deviceid} costs 5$ {or} $', '$iot123 costs 5$ {or} $'],
])('%s is %s', (template, text) => {
  expect(substitute(template, MESSAGE, ENVIRONMENT)).toEqual({ text, reasons: [] });
});

test('sees the variables of SET, not the names of SELECT', () => {
  const query = parseSql('SET @celsius = temp - 32 SELECT @celsius AS c FROM \'a\'');

  expect(substitute('${@celsius}|${c}', MESSAGE, ENVIRONMENT, query)).toEqual({ text: '22.98|', reasons: [] });
  expect(() => parseTemplate('${@celsius}')).toThrow(new SqlError('@celsius is not set before it is used', 1, 3, 'write SET @celsius = … before SELECT'));
});

test.each([
  ['a/${topic(', '1:11: expected an expression, got the end'],
  ['a/${topic()', '1:12: expected }, got the end'],
  ['${}', '1:3: expected an expression, got \'}\''],
  ['a\n${tpoic()}', '2:3: unknown function \'tpoic\'; did you mean \'topic\'?'],
  ['${a b}', '1:5: expected }, got \'b\''],
])('fails for %s', (template, message) => {
  expect(() => parseTemplate(template)).toThrow(message);
});

test('tells its functions and warnings', () => {
  expect(parseTemplate('${topic(1)}/${abs()}')).toMatchObject({
    functions: ['topic', 'abs'], warnings: [{ line: 1, column: 15, message: 'abs() takes 1 argument, got 0; its value is Undefined' }],
  });
});

test('waits for answers, and has no text when it takes too long', async () => {
  const template = compileTemplate(parseTemplate('${aws_lambda("f", deviceid).got}'));
  const slow = { ...ENVIRONMENT, providers: { invokeLambda: () => Promise.resolve({ got: 'later' }) } };

  await expect(template.run(MESSAGE, slow)).resolves.toEqual({ text: 'later', reasons: [] });
  expect(substitute('${regexp_replace(t, "a(.*b)?", "")}', messageOf({ t: 'a'.repeat(60_000) }), ENVIRONMENT)).toEqual({ failure: 'the rule takes too many steps for this message', reasons: [] });
  expect(substitute('${t}'.repeat(20), messageOf({ t: 'a'.repeat(60_000) }), ENVIRONMENT)).toEqual({ failure: 'the text is too long', reasons: [] });
});
