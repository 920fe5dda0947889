// The parts of prismjs 1.30.0 that wgsl.tsx uses; @types/prismjs declares the package's main file alone.
declare module "prismjs/components/prism-core.js" {
  import type * as prism from "prismjs";
  const Prism: typeof prism;
  export default Prism;
}
declare module "prismjs/components/prism-wgsl.js" {
  const nothing: undefined;
  export default nothing;
}
