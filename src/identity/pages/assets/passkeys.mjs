// Asks the browser for a passkey and puts its answer into the form that waits for it. The one script of these
// pages: without it everything but passkeys works.
const bytes = (text) => Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (c) => c.charCodeAt(0));
const text = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer)))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '');
const credentials = (list) => (list ?? []).map((one) => ({ ...one, id: bytes(one.id) }));

async function create(options) {
  const { response, ...made } = await navigator.credentials
    .create({
      publicKey: {
        ...options,
        challenge: bytes(options.challenge),
        user: { ...options.user, id: bytes(options.user.id) },
        excludeCredentials: credentials(options.excludeCredentials),
      },
    })
    .then(facts);
  return {
    ...made,
    response: {
      clientDataJSON: text(response.clientDataJSON),
      attestationObject: text(response.attestationObject),
      transports: response.getTransports?.() ?? [],
    },
  };
}

async function get(options) {
  const { response, ...used } = await navigator.credentials
    .get({
      publicKey: {
        ...options,
        challenge: bytes(options.challenge),
        allowCredentials: credentials(options.allowCredentials),
      },
    })
    .then(facts);
  return {
    ...used,
    response: {
      clientDataJSON: text(response.clientDataJSON),
      authenticatorData: text(response.authenticatorData),
      signature: text(response.signature),
      ...(response.userHandle && { userHandle: text(response.userHandle) }),
    },
  };
}

const facts = ({ id, rawId, type, response }) => ({
  id,
  rawId: text(rawId),
  type,
  response,
  clientExtensionResults: {},
});

for (const form of document.querySelectorAll('form[data-passkey]')) {
  if (!window.PublicKeyCredential) continue;
  const [button, problem] = [form.querySelector('button'), form.querySelector('[role=alert]')];
  button.disabled = false;
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    void confirm(form, button, problem);
  });
}

async function confirm(form, button, problem) {
  button.disabled = true;
  problem.textContent = '';
  try {
    const options = JSON.parse(form.dataset.options);
    const answer = await (form.dataset.passkey === 'create' ? create(options) : get(options));
    form.elements.passkey.value = JSON.stringify(answer);
    form.submit();
  } catch (error) {
    problem.textContent =
      error.name === 'InvalidStateError'
        ? 'This device already holds a passkey of this account.'
        : 'Nothing was confirmed. Try again, or use another way.';
    button.disabled = false;
  }
}
