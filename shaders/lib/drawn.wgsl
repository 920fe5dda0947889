// drawn: the place in a draw of an element of an array, if ranks share the draw. Ranks with equal parts of a batch draw
// the elements that one rank with the whole batch would draw. An array may hold several batches, one after another.

const DRAWN_PART = 0u; // elements of a batch in the array; 0 if no other rank shares the draw
const DRAWN_WHOLE = 0u; // elements of a batch that all ranks draw
const DRAWN_BEFORE = 0u; // elements of a batch that earlier ranks draw

fn drawn(at: u32) -> u32 {
  if (DRAWN_PART == 0u) { return at; }
  return at / DRAWN_PART * DRAWN_WHOLE + DRAWN_BEFORE + at % DRAWN_PART;
}
