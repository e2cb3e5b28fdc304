using Orleans.Core;

namespace Orleans.Runtime;

/// <summary>
/// A state that a grain gets through its constructor; see <see cref="PersistentStateAttribute"/>. It is read before <c>OnActivateAsync</c>.
/// </summary>
public interface IPersistentState<TState> : IStorage<TState>
{
}
