// invocation: which invocation of a launch this is. Workgroups are counted along x, then y, as one dimension holds
// no more than 65,535 of them; what z counts, the shader says.

struct Invocation {
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
}

// The same without the lane, for entry points with barriers or subgroups: those must be reached by all lanes, and
// the compiler takes every member of a struct to differ from lane to lane if one of them does.
struct Workgroup {
  @builtin(workgroup_id) id: vec3u,
  @builtin(num_workgroups) count: vec3u,
}

// The invocation's number among all of a launch in workgroups of 64.
fn flat_index(invocation: Invocation) -> u32 {
  return (invocation.group.y * invocation.groups.x + invocation.group.x) * 64u + invocation.lane;
}

fn workgroup_index(group: Workgroup) -> u32 {
  return group.id.y * group.count.x + group.id.x;
}
