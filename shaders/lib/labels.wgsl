// labels: one for all elements, or one per element in the binding `labels` of the shader that appends this.

const CONSTANT = true; // whether every label is LABEL; else they are read
const LABEL = 1f;

fn label(i: u32) -> f32 {
  if (CONSTANT) { return LABEL; }
  return labels[LABELS_AT + i];
}
