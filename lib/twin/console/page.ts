/** The console's only page. Everything it shows is set as text, never as markup. */
export const PAGE = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>iot-warden: local AWS IoT Core</title>
<style>
  :root { color-scheme: light dark; --line: #8884; --allow: #2a8a4a; --deny: #c8372d; }
  body { font: 14px/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 1600px; padding: 1rem 1.5rem; }
  h1 { font-size: 1.2rem; } h2 { font-size: 1rem; margin: 1.5rem 0 .5rem; }
  table { border-collapse: collapse; width: 100%; }
  th, td { text-align: left; padding: .25rem .75rem .25rem 0; border-bottom: 1px solid var(--line); vertical-align: top; overflow-wrap: anywhere; }
  th { font-weight: 600; position: sticky; top: 0; background: Canvas; white-space: nowrap; }
  .long { max-height: 30rem; overflow: auto; }
  code, pre, td { font-family: ui-monospace, monospace; font-size: 12.5px; }
  #deliveries td:nth-child(6), #jobs td:nth-child(5) { white-space: pre-line; }
  #log td:nth-child(-n+3), #log td:nth-child(5), #deliveries td:nth-child(1), #shadows td:nth-child(2) { white-space: nowrap; }
  #log td:nth-child(4) { min-width: 16rem; } #shadows td:first-child { min-width: 10rem; }
  .allow { color: var(--allow); } .deny { color: var(--deny); }
  .muted { opacity: .7; } pre { overflow: auto; } label { margin-right: 1rem; }
</style>
<h1>iot-warden <span class="muted" id="scope"></span></h1>
<p class="muted">A local AWS IoT Core for development and tests.</p>
<h2>Decisions</h2>
<p><label><input type="checkbox" id="denied"> refusals only</label> <span class="muted" id="state">connecting</span></p>
<div class="long"><table><thead><tr><th>time<th>client<th>action<th>resource<th>decision<th>why</thead><tbody id="log"></tbody></table></div>
<h2>Rule deliveries</h2>
<p class="muted">What the actions of rules did, or would have done on AWS. Whole payloads are in <a href="/deliveries.json">deliveries.json</a>.</p>
<div class="long"><table><thead><tr><th>time<th>rule<th>topic<th>action<th>outcome<th>fields<th>payload<th>role<th>notes</thead><tbody id="deliveries"></tbody></table></div>
<h2>Shadows</h2>
<p class="muted" id="shadow-count"></p>
<div class="long"><table><thead><tr><th>thing<th>shadow<th>version<th>state</thead><tbody id="shadows"></tbody></table></div>
<h2>Jobs</h2>
<p class="muted" id="job-count"></p>
<div class="long"><table><thead><tr><th>job<th>status<th>targets<th>so far<th>things</thead><tbody id="jobs"></tbody></table></div>
<h2>Things</h2>
<table><thead><tr><th>thing<th>certificates<th>attributes</thead><tbody id="things"></tbody></table>
<h2>Policies</h2>
<div id="policies"></div>
<script>
  const MAX_ROWS = 1000;
  const $ = (id) => document.getElementById(id);
  const cell = (text, name) => { const td = document.createElement('td'); td.textContent = text ?? ''; if (name) td.className = name; return td; };
  const row = (...cells) => { const tr = document.createElement('tr'); tr.append(...cells); return tr; };
  fetch('/deployment.json').then((answer) => answer.json()).then((model) => {
    $('scope').textContent = model.accountId + ' ' + model.region;
    for (const thing of model.things) {
      const certificates = thing.certificates.map((one) => (one.logicalId ?? one.id.slice(0, 12)) + ' ' + one.status).join(', ');
      $('things').append(row(cell(thing.name), cell(certificates), cell(Object.entries(thing.attributes).map((pair) => pair.join('=')).join(', '))));
    }
    for (const policy of model.policies) {
      const details = document.createElement('details');
      const summary = document.createElement('summary');
      const body = document.createElement('pre');
      summary.textContent = policy.name;
      body.textContent = JSON.stringify(policy.document, undefined, 2);
      details.append(summary, body);
      $('policies').append(details);
    }
  });
  const events = new EventSource('/events');
  events.onopen = () => { $('state').textContent = 'live'; $('log').replaceChildren(); $('deliveries').replaceChildren(); };
  const prepend = (table, line) => { table.prepend(line); if (table.children.length > MAX_ROWS) table.lastChild.remove(); };
  events.addEventListener('delivery', ({ data }) => {
    const one = JSON.parse(data);
    const outcome = one.outcome === 'failed' ? 'failed' : one.performed ? 'done' : 'shown';
    prepend($('deliveries'), row(
      cell(new Date(one.time).toLocaleTimeString()), cell(one.rule), cell(one.topic), cell((one.isErrorAction ? 'error action ' : '') + one.action),
      cell(outcome, outcome === 'failed' ? 'deny' : 'allow'), cell(Object.entries(one.fields).map((pair) => pair[0] + '=' + (typeof pair[1] === 'string' ? pair[1] : JSON.stringify(pair[1]))).join('\\n')),
      cell((one.encoding === 'base64' ? 'base64 ' : '') + one.payload), cell((one.roleArn ?? '').split('/').pop()), cell([one.reason, ...one.notes].filter(Boolean).join('; '))));
  });
  const fill = (name, { rows, total }) => {
    $(name + 's').replaceChildren(...rows.map((texts) => row(...texts.map((text) => cell(text)))));
    $(name + '-count').textContent = total === 0 ? 'None.' : total > rows.length ? 'The ' + rows.length + ' that changed last, of ' + total + '.' : '';
  };
  events.addEventListener('overview', ({ data }) => {
    const { shadows, jobs } = JSON.parse(data);
    fill('shadow', shadows);
    fill('job', jobs);
  });
  events.onerror = () => { $('state').textContent = 'the twin is gone'; };
  events.onmessage = ({ data }) => {
    const entry = JSON.parse(data);
    const outcome = entry.decision ? entry.decision.decision : entry.event;
    const good = !['deny', 'unknown', 'refused'].includes(outcome);
    const line = row(
      cell(new Date(entry.time).toLocaleTimeString()), cell(entry.clientId ?? entry.principal ?? (entry.certificateId ?? '').slice(0, 12)),
      cell(entry.action), cell(entry.resource), cell(outcome, good ? 'allow' : 'deny'), cell(entry.reason));
    line.hidden = good && $('denied').checked;
    line.dataset.good = good;
    prepend($('log'), line);
  };
  $('denied').onchange = () => {
    for (const line of $('log').children) line.hidden = line.dataset.good === 'true' && $('denied').checked;
  };
</script>
</html>
`;
