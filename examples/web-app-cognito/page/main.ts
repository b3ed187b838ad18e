import { signIn } from 'cdk-iot-warden/web';
import type { Config } from './config';
import { Login } from './login';
import { inWords, Problem } from './problem';
import { allowOnlyServicesOf, fetchConfig } from './services';
import { Sparkline } from './sparkline';
import { Thermostat, type State } from './thermostat';

const STATES: Readonly<Record<State, string>> = {
  connecting: 'Connecting …',
  live: 'Live',
  offline: 'Not connected, trying again …',
  refused: 'Not allowed to see this thermostat',
};

const COMMANDS = ['warmer', 'cooler'] as const;

const form = element('sign-in', HTMLFormElement);
const submit = element('submit', HTMLButtonElement);
const problem = element('problem', HTMLElement);
const buttons = COMMANDS.map((name) => element(name, HTMLButtonElement));

element('sign-out', HTMLButtonElement).addEventListener('click', () => location.reload());

fetchConfig().then((config) => {
  allowOnlyServicesOf(config);
  submit.disabled = false;
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    submit.disabled = true;
    attempt(() => enter(config)).finally(() => {
      submit.disabled = false;
    }).catch(show);
  });
}).catch(show);

async function enter(config: Config): Promise<void> {
  const login = await Login.withPassword(config, element('user-name', HTMLInputElement).value, element('password', HTMLInputElement).value);
  form.reset();
  const { device } = login;
  if (device === undefined) {
    throw new Problem('You have no thermostat yet. Ask whoever looks after this app to give you one.');
  }
  element('user', HTMLElement).textContent = login.userName;
  element('device', HTMLElement).textContent = device;
  form.hidden = true;
  const shown = element('thermostat', HTMLElement);
  shown.hidden = false;
  // What had the focus is gone.
  shown.focus();
  showState('connecting');

  const { region, userPoolId, identityPoolId, iotEndpoint, attachUrl, endpointUrl } = config;
  const session = signIn({
    region,
    identityPoolId,
    iotEndpoint,
    attachUrl,
    login: { provider: `cognito-idp.${region}.amazonaws.com/${userPoolId}`, token: () => login.idToken() },
    ...endpointUrl !== undefined && { endpoints: { cognitoIdentity: endpointUrl } },
  });
  try {
    await session.attach();
    const sparkline = new Sparkline(element('sparkline', SVGSVGElement));
    const thermostat = await Thermostat.connect(session, device, {
      onState: showState,
      onCelsius: (celsius) => {
        element('celsius', HTMLElement).textContent = celsius.toFixed(1);
        sparkline.add(celsius);
      },
    });
    COMMANDS.forEach((command, index) => buttons[index]!.addEventListener('click', () => void attempt(() => thermostat.tell(command))));
  } catch (error) {
    showState('offline', 'Not connected');
    throw error;
  }
}

function showState(state: State, words = STATES[state]): void {
  const shown = element('state', HTMLElement);
  shown.dataset.state = state;
  shown.textContent = words;
  buttons.forEach((button) => {
    button.disabled = state !== 'live';
  });
}

/** Does something that a user has asked for; what went wrong before is past. */
async function attempt(action: () => Promise<void>): Promise<void> {
  problem.hidden = true;
  await action().catch(show);
}

function show(error: unknown): void {
  problem.textContent = inWords(error);
  problem.hidden = false;
}

function element<T extends Element>(id: string, type: new () => T): T {
  const found = document.getElementById(id) as Element | null;
  if (!(found instanceof type)) {
    throw new Error(`index.html has no ${type.name} '${id}'`);
  }
  return found;
}
