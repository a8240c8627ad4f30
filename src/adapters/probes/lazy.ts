/**
 * Loads something once, when it is first wanted. A module may be imported as often as one likes, but that goes through
 * the runtime each time; thousands of probes a second are better off with what is there. A failure is not kept.
 */
export function lazy<T>(load: () => Promise<T>): () => Promise<T> {
  let loading: Promise<T> | null = null;
  return () => {
    loading ??= load().catch((problem) => {
      loading = null;
      throw problem;
    });
    return loading;
  };
}
