// Keys that older versions wrote under other names: their runs and `--config` files are still read.

/** Returns a value as it is, except that keys of an object that are in `names` get their new names. */
export function withNewKeys(value: unknown, names: Readonly<Record<string, string>>): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  const has = (key: string): boolean => Object.hasOwn(value, key);
  return Object.fromEntries(
    Object.entries(value).map(([key, of]) => {
      const name = Object.hasOwn(names, key) ? names[key]! : key;
      return [has(name) ? key : name, of]; // if both names are there, the old one stays, to be refused
    }),
  );
}
