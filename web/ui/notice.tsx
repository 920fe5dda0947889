// What is wrong or worth knowing, where a visitor sees it.
import type { ComponentChildren, JSX } from "preact";

/** A notice: an error is read out immediately, the others when there is time. */
export function Notice({
  kind,
  children,
}: {
  readonly kind: "error" | "warning" | "remark";
  readonly children: ComponentChildren;
}): JSX.Element {
  return (
    <div class={`notice ${kind}`} role={kind === "error" ? "alert" : "status"}>
      {children}
    </div>
  );
}
