// Reads the settings of a peer from environment variables. A wrong value ends the process with one sentence.

export const text = (name, otherwise) => {
  const value = process.env[name];
  if (value !== undefined && value !== '') return value;
  if (otherwise === undefined) fail(`${name} is not set`);
  return otherwise;
};

export const optional = (name) => process.env[name] || undefined;

export const oneOf = (name, choices) => {
  const value = text(name, choices[0]);
  if (!choices.includes(value)) fail(`${name} is ${value}, but must be one of ${choices.join(', ')}`);
  return value;
};

export const seconds = (name, otherwise) => {
  const value = Number(text(name, String(otherwise)));
  if (!Number.isSafeInteger(value) || value < 1) fail(`${name} must be a whole number of seconds, 1 or more`);
  return value;
};

export const address = (name, otherwise) => {
  const value = text(name, otherwise);
  const [, host, port] = /^(?:\[?([^\]]+)\]?):(\d+)$/.exec(value) ?? [];
  if (!port) fail(`${name} must be host:port`);
  return { host, port: Number(port), text: value };
};

function fail(message) {
  console.error(message);
  process.exit(2);
}
