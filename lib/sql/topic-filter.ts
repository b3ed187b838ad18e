const MAX_BYTES = 256;

/** What is wrong with a topic filter, or undefined. */
export function topicFilterProblem(filter: string): string | undefined {
  const levels = filter.split('/');
  if (filter === '' || Buffer.byteLength(filter) > MAX_BYTES || filter.includes('\0')) {
    return `a topic filter has 1 to ${MAX_BYTES} bytes and no null character`;
  }
  if (filter.startsWith('$share/')) {
    return 'a rule hears every message: it takes no shared subscription';
  }
  if (levels.some((level, index) => level.includes('#') && (level !== '#' || index < levels.length - 1))) {
    return '# stands alone on the last level of a topic filter';
  }
  return levels.some((level) => level.includes('+') && level !== '+') ? '+ stands alone on a level of a topic filter' : undefined;
}

/**
 * Whether a topic filter matches a topic as MQTT says: `#` matches the level above it too, and a wildcard on the first
 * level matches no topic that begins with `$`.
 */
export function topicFilterMatches(filter: string, topic: string): boolean {
  if (topic.startsWith('$') && !filter.startsWith('$')) {
    return false;
  }
  const levels = topic.split('/');
  const wanted = filter.split('/');
  return wanted.every((level, index) => level === '#' || (index < levels.length && (level === '+' || level === levels[index])))
    && (wanted.length === levels.length || wanted.at(-1) === '#');
}

/** Whether some topic is matched by both filters. */
export function topicFiltersOverlap(left: string, right: string): boolean {
  if (left.startsWith('$') !== right.startsWith('$')) {
    return false;
  }
  const [a, b] = [left.split('/'), right.split('/')];
  for (let index = 0; index < Math.max(a.length, b.length); index++) {
    const [one, other] = [a[index], b[index]];
    if (one === '#' || other === '#') {
      return true;
    }
    if (one === undefined || other === undefined || (one !== other && one !== '+' && other !== '+')) {
      return false;
    }
  }
  return true;
}
