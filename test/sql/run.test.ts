import { compileQuery, parseSql, toJavaScript, toPayload } from '../../lib/sql';
import type { RuleEnvironment, RuleMessage, RuleOutcome, RuleProviders } from '../../lib/sql';
import { ENVIRONMENT, messageOf } from './message';

function run(sql: string, message: RuleMessage, environment: RuleEnvironment = ENVIRONMENT): RuleOutcome | Promise<RuleOutcome> {
  return compileQuery(parseSql(sql)).run(message, environment);
}

function withProviders(providers: RuleProviders): RuleEnvironment {
  return { ...ENVIRONMENT, providers };
}

const ROLE = '"arn:aws:iam::123456789012:role/r"';

describe('providers', () => {
  test('a function without one is Undefined, with the reason', () => {
    expect(run(`SELECT get_thing_shadow("t", ${ROLE}) AS s FROM 'a'`, messageOf({}), withProviders({}))).toEqual({
      matched: true, value: {}, reasons: ['get_thing_shadow() has nothing to ask here'],
    });
  });

  test('a failure is Undefined, so that a default stands in', async () => {
    const sql = `SELECT VALUE get_or_default(get_thing_shadow("t", ${ROLE}), "none") FROM 'a'`;
    const reasons = ['get_thing_shadow() failed: no such thing'];

    expect(run(sql, messageOf({}), withProviders({ getThingShadow: () => { throw new Error('no such thing'); } }))).toEqual({ matched: true, value: 'none', reasons });
    await expect(run(sql, messageOf({}), withProviders({ getThingShadow: () => Promise.reject(new Error('no such thing')) }))).resolves.toEqual({ matched: true, value: 'none', reasons });
  });

  test('answers are awaited, each asked for once, and chance stays the same meanwhile', async () => {
    const asked: unknown[] = [];
    let drawn = 0;
    const environment: RuleEnvironment = {
      now: () => ++drawn,
      newUuid: () => `uuid-${++drawn}`,
      random: () => ++drawn / 100,
      providers: { invokeLambda: ({ input }) => { asked.push(toJavaScript(input)); return Promise.resolve({ twice: [input, input] }); } },
    };
    const sql = 'SELECT newuuid() AS id, aws_lambda("f", {"a": a, "id": newuuid()}).twice AS first, timestamp() AS at, aws_lambda("g", rand()) AS second FROM \'a\' WHERE aws_lambda("w", 1).twice = [1, 1]';

    await expect(run(sql, messageOf({ a: 1 }), environment)).resolves.toEqual({
      matched: true,
      value: { id: 'uuid-1', first: [{ a: 1, id: 'uuid-2' }, { a: 1, id: 'uuid-2' }], at: 3, second: { twice: [0.04, 0.04] } },
      reasons: [],
    });
    expect(asked).toEqual([1, { a: 1, id: 'uuid-2' }, 0.04]);
  });

  test('a rule asks no more than a hundred times for a message', () => {
    let asked = 0;
    const outcome = run('SELECT VALUE (SELECT VALUE aws_lambda("f", *) FROM n) FROM \'a\'', messageOf({ n: new Array(200).fill(1) }), withProviders({ invokeLambda: () => ++asked })) as RuleOutcome;

    expect(asked).toBe(100);
    expect(outcome.reasons).toEqual(['more than 100 calls of external functions for one message']);
  });

  test('an item of more than 8 KB is not taken', () => {
    expect(run(`SELECT VALUE get_dynamodb("t", "k", 1, ${ROLE}) FROM 'a'`, messageOf({}), withProviders({ getDynamoDb: () => ({ text: 'a'.repeat(9000) }) }))).toEqual({
      matched: true, value: undefined, reasons: ['get_dynamodb() found more than 8192 bytes'],
    });
  });

  test('a rule that asks DynamoDB twice for a message fails', () => {
    expect(run(`SELECT VALUE (SELECT VALUE get_dynamodb("t", "k", *, ${ROLE}) FROM n) FROM 'a'`, messageOf({ n: [1, 2] }))).toEqual({
      matched: false, failure: 'get_dynamodb() can be called once for a message', reasons: [],
    });
  });

  test('WHERE is evaluated first: what does not match asks nothing', () => {
    expect(run('SELECT aws_lambda("f", *) AS l FROM \'a\' WHERE a = 2', messageOf({ a: 1 }), withProviders({ invokeLambda: () => { throw new Error('asked'); } }))).toEqual({ matched: false, reasons: [] });
  });
});

describe('a message', () => {
  const NUMBERS = JSON.stringify({ n: new Array(60_000).fill(1), text: 'a'.repeat(60_000), digits: '1'.repeat(60_000), many: Array.from({ length: 10_000 }, (_, index) => index) });

  test.each([
    'SET @v = n SELECT VALUE (SELECT (SELECT (SELECT VALUE 1 FROM @v) AS x FROM @v) AS y FROM @v)',
    'SET @v = n SELECT VALUE (SELECT VALUE @v = @v FROM @v)',
    'SET @v = n SELECT VALUE (SELECT VALUE length(@v) FROM @v)',
    'SET @v = n SELECT VALUE (SELECT VALUE md2(@v) FROM @v)',
    'SET @v = text SELECT VALUE (SELECT VALUE sha512(@v + @v) FROM n)',
    'SET @v = n SELECT VALUE (SELECT VALUE replace(@v, "1", "2") FROM @v)',
    'SET @v = text SELECT VALUE (SELECT VALUE regexp_matches(@v, "(a|b)*c") FROM n)',
    'SET @v = n SELECT VALUE (SELECT VALUE concat(@v, @v) FROM @v)',
    'SELECT VALUE regexp_replace(text, "a(.*b)?", "x")',
    'SELECT VALUE (SELECT VALUE 1E999 % 1E-999 FROM n)',
    'SET @v = digits SELECT VALUE (SELECT VALUE @v > 1 FROM n)',
    'SELECT VALUE (SELECT VALUE regexp_matches("a", "a{1,900}" + *) FROM many)',
    'SELECT VALUE (SELECT VALUE parse_time("z zzzz", 0, "Etc/No" + *) FROM many)',
    'SELECT VALUE (SELECT VALUE time_to_epoch("2020-01-01 Europe/Paris", "yyyy-MM-dd VV") FROM n)',
    // What comes to nothing because it is too long has been made nevertheless.
    'SET @v = n SELECT VALUE (SELECT VALUE length([@v, @v, @v, @v, @v, @v, @v, @v, @v, @v]) FROM @v)',
    'SET @a = {"t": text} SELECT VALUE (SELECT VALUE transform("enrichArray", @a, []) FROM n)',
    'SET @o = {"t": text} SELECT VALUE (SELECT VALUE transform("enrichArray", {}, [@o, @o, @o]) FROM n)',
    'SET @t = text SELECT VALUE (SELECT VALUE replace(@t, "", "") FROM n)',
    'SET @v = encode(many, "base64") SELECT VALUE (SELECT VALUE decode(@v, "base64") FROM n)',
  ])('never keeps the process busy: %s', (sql) => {
    const start = process.cpuUsage();
    const outcome = run(sql, messageOf(NUMBERS));

    expect(outcome).toEqual({ matched: false, failure: 'the rule takes too many steps for this message', reasons: [] });
    expect(process.cpuUsage(start).user / 1000).toBeLessThan(4_000);
  });

  test('makes no text longer than a megabyte', () => {
    const message = messageOf(NUMBERS);

    expect(run('SELECT VALUE replace(text, "a", text)', message)).toMatchObject({ matched: true, value: undefined });
    expect(run(`SELECT VALUE isUndefined(${new Array(20).fill('text').join(' + ')})`, message)).toMatchObject({ value: true });
    expect(run(`SELECT VALUE isUndefined(concat(${new Array(20).fill('text').join(', ')}))`, message)).toMatchObject({ value: true });
    expect(run(`SELECT VALUE isUndefined(concat(${new Array(20).fill('n').join(', ')}))`, message)).toMatchObject({ value: true });
    const outcome = run('SET @v = n SELECT VALUE (SELECT VALUE @v FROM @v)', message) as Extract<RuleOutcome, { matched: true }>;
    expect(toPayload(outcome.value)).toBeUndefined();
  });

  test('never keeps the process busy with many values that are Undefined', () => {
    expect(run(`SET @v = [${new Array(20_000).fill('x').join(',')}] SELECT VALUE (SELECT VALUE length(@v) FROM n)`, messageOf(NUMBERS))).toMatchObject({
      matched: false, failure: 'the rule takes too many steps for this message',
    });
  });

  test('makes no text longer than a megabyte by encoding it again and again', () => {
    const nested = (depth: number): string => (depth === 0 ? 'text' : `encode(${nested(depth - 1)}, 'base64')`);

    expect(run(`SELECT VALUE isUndefined(${nested(9)})`, messageOf(NUMBERS))).toMatchObject({ value: false });
    expect(run(`SELECT VALUE isUndefined(${nested(90)})`, messageOf(NUMBERS))).toMatchObject({ value: true });
  });

  test('makes an object of many paths in time', () => {
    const start = process.cpuUsage();
    const outcome = run(`SELECT ${Array.from({ length: 9_000 }, (_, index) => `1 AS a.b${index}`).join(', ')}`, messageOf({})) as Extract<RuleOutcome, { matched: true }>;

    expect(Object.keys((outcome.value as { a: object }).a)).toHaveLength(9_000);
    expect(process.cpuUsage(start).user / 1000).toBeLessThan(4_000);
  });

  test('makes nothing deeper than can be written', () => {
    const alias = new Array(32).fill('a').join('.');
    const nested = (depth: number): string => (depth === 0 ? '1' : `(SELECT ${nested(depth - 1)} AS ${alias} FROM {})`);
    const outcome = run(`SELECT VALUE ${nested(40)}`, messageOf({})) as Extract<RuleOutcome, { matched: true }>;

    expect(toPayload(outcome.value)).toBeUndefined();
    expect(run(`SELECT VALUE ${nested(20)} = ${nested(20)}`, messageOf({}))).toMatchObject({ value: true });
    expect(run(`SET @a = ${nested(40)} SELECT @a`, messageOf({}))).toMatchObject({ matched: false });
  });

  test('sets no variable larger than 128 KiB', () => {
    expect(run('SET @a = [n, n] SELECT @a AS a', messageOf(NUMBERS))).toMatchObject({ matched: false, failure: 'the variables up to @a hold more than 131072 bytes, or one that is not JSON' });
    expect(run('SET @a = * SELECT @a AS a', messageOf(Buffer.from([255])))).toMatchObject({ matched: false });
  });

  test.each([
    ['not UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d])],
    ['half of JSON', Buffer.from('{"a":')],
    ['nothing', Buffer.alloc(0)],
    ['a hundred thousand arrays', Buffer.from('['.repeat(50_000) + ']'.repeat(50_000))],
    ['objects deeper than ours go', Buffer.from('{"a":'.repeat(300) + '1' + '}'.repeat(300))],
  ])('of %s is bytes without attributes', (_, payload) => {
    expect(run('SELECT * FROM \'a\' WHERE isUndefined(a)', messageOf(payload))).toEqual({ matched: true, value: payload, reasons: [] });
    expect(run('SELECT a FROM \'a\' WHERE a = 1', messageOf(payload))).toEqual({ matched: false, reasons: [] });
    expect(run('SELECT *, 1 AS one FROM \'a\'', messageOf(payload))).toEqual(payload.length === 0
      ? { matched: true, value: { one: 1 }, reasons: [] }
      : { matched: false, failure: 'the payload is not JSON, so that * has to be the only item', reasons: [] });
    expect(run('SELECT encode(*, \'base64\') AS data', messageOf(payload))).toMatchObject({ value: { data: payload.toString('base64') } });
  });

  test('brackets within a text are not deep', () => {
    expect(run('SELECT a', messageOf({ a: '[{'.repeat(1000), b: '"' }))).toMatchObject({ value: { a: '[{'.repeat(1000) } });
  });

  test('is not changed, and its keys are no more than keys', () => {
    const message = messageOf('{"__proto__":{"x":1},"o":{"k":1}}');
    const outcome = run('SELECT *, 2 AS o.added, 3 AS __proto__.y FROM \'a\'', message) as Extract<RuleOutcome, { matched: true }>;

    expect(toPayload(outcome.value)!.toString()).toBe('{"__proto__":{"x":1,"y":3},"o":{"k":1,"added":2}}');
    expect(({} as { x?: unknown }).x).toBeUndefined();
    expect((run('SELECT o', message) as Extract<RuleOutcome, { matched: true }>).value).toEqual({ o: { k: 1 } });
  });

  test('keeps every digit of its numbers', () => {
    const text = '{"a":[12345678901234567890,0.1234567890123456789,1E+400,"\\u0031]"],"b":{},"c":[],"d":null}';
    const outcome = run('SELECT *', messageOf(text)) as Extract<RuleOutcome, { matched: true }>;

    expect(toPayload(outcome.value)!.toString()).toBe(text.replace('\\u0031', '1'));
    expect(toJavaScript(outcome.value)).toEqual({ a: [12345678901234567000, 0.12345678901234568, Infinity, '1]'], b: {}, c: [], d: null });
  });
});
