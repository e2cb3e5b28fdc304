using System.Collections;
using System.Collections.Concurrent;
using System.Collections.Frozen;
using System.Collections.Immutable;

namespace Dpark.Closures.Surrogates;

/// <summary>
/// Takes one level of a type's hierarchy apart into parts that travel, and puts it together in place: for types whose fields depend on the process, such as
/// hash tables of strings. Subclasses travel too, with their own fields. Immutable.
/// </summary>
internal abstract class Surrogate
{
    private static readonly Dictionary<Type, Type> Registered = new()
    {
        [typeof(List<>)] = typeof(ListSurrogate<>),
        [typeof(Dictionary<,>)] = typeof(DictionarySurrogate<,>),
        [typeof(HashSet<>)] = typeof(HashSetSurrogate<>),
        [typeof(OrderedDictionary<,>)] = typeof(OrderedDictionarySurrogate<,>),
        [typeof(SortedDictionary<,>)] = typeof(SortedDictionarySurrogate<,>),
        [typeof(SortedSet<>)] = typeof(SortedSetSurrogate<>),
        [typeof(ConcurrentDictionary<,>)] = typeof(ConcurrentDictionarySurrogate<,>),
        [typeof(ConcurrentQueue<>)] = typeof(ConcurrentQueueSurrogate<>),
        [typeof(ConcurrentStack<>)] = typeof(ConcurrentStackSurrogate<>),
        [typeof(ConcurrentBag<>)] = typeof(ConcurrentBagSurrogate<>),
        [typeof(ImmutableDictionary<,>)] = typeof(ImmutableDictionarySurrogate<,>),
        [typeof(ImmutableHashSet<>)] = typeof(ImmutableHashSetSurrogate<>),
        [typeof(FrozenDictionary<,>)] = typeof(FrozenDictionarySurrogate<,>),
        [typeof(FrozenSet<>)] = typeof(FrozenSetSurrogate<>),
        [typeof(Lookup<,>)] = typeof(LookupSurrogate<,>),
        [typeof(Hashtable)] = typeof(HashtableSurrogate),
        [typeof(Exception)] = typeof(ExceptionSurrogate),
    };

    /// <summary>The level that is taken apart.</summary>
    public abstract Type Level { get; }

    /// <summary>Whether the levels below are the framework's own and are covered as well.</summary>
    public virtual bool CoversSubclasses => false;

    /// <summary>The surrogate of exactly this level; <see langword="null"/> if it travels by its fields.</summary>
    public static Surrogate? Of(Type level)
    {
        var named = level.IsGenericType ? level.GetGenericTypeDefinition() : level;
        if (!Registered.TryGetValue(named, out var surrogate))
        {
            // By name: the assembly is not loaded as long as nobody has one.
            return named.FullName == "System.Text.RegularExpressions.Regex" ? new RegexSurrogate() : null;
        }

        var type = level.IsGenericType ? surrogate.MakeGenericType(level.GetGenericArguments()) : surrogate;
        return (Surrogate)Activator.CreateInstance(type)!;
    }

    /// <summary>How many parts there are.</summary>
    public abstract int PartCount { get; }

    /// <summary>What a part is called in a path; empty if a person would not name it.</summary>
    public virtual string PartName(int part) => "";

    /// <summary>What to send: always the same number of parts.</summary>
    public abstract object?[] Take(object instance);

    /// <summary>Makes the level of an object that has been allocated and not constructed. The parts are complete, up to cycles.</summary>
    public abstract void Restore(object instance, object?[] parts);
}
