// Work that is done once for each device, network or run, and forgotten with it.

/** Returns a function that does the work once per key. After a failure, the next call tries again. */
export function oncePer<K extends object, V>(work: (key: K) => Promise<V>): (key: K) => Promise<V> {
  const done = new WeakMap<K, Promise<V>>();
  return (key) => {
    const known = done.get(key);
    if (known) return known;
    const value = work(key);
    done.set(key, value);
    value.catch(() => done.delete(key));
    return value;
  };
}
