// Promise.withResolvers for Node before 22: libp2p's dependencies call it. Import this module first.

Promise.withResolvers ??= function withResolvers() {
  let resolve, reject;
  const promise = new this((onValue, onReason) => {
    resolve = onValue;
    reject = onReason;
  });
  return { promise, resolve, reject };
};
