using Microsoft.Extensions.DependencyInjection;

namespace Orleans;

/// <summary>Lets values of the type travel in messages. Every base type but exceptions needs it, too.</summary>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Struct | AttributeTargets.Enum)]
public sealed class GenerateSerializerAttribute : Attribute
{
    /// <summary>Whether parameters of the primary constructor get ids by position. Records do unless this is set to false.</summary>
    public bool IncludePrimaryConstructorParameters { get; set; }

    /// <summary>Which members get an id from their name if they have no <see cref="IdAttribute"/>.</summary>
    public GenerateFieldIds GenerateFieldIds { get; set; }
}

/// <summary>Which members get an id from their name.</summary>
public enum GenerateFieldIds
{
    /// <summary>None: each has an <see cref="IdAttribute"/>.</summary>
    None,

    /// <summary>Public properties with a getter and a setter.</summary>
    PublicProperties,
}

/// <summary>The number that stands for a member on the wire; unique among the members that one class declares.</summary>
[AttributeUsage(AttributeTargets.Field | AttributeTargets.Property | AttributeTargets.Class | AttributeTargets.Struct | AttributeTargets.Enum | AttributeTargets.Parameter)]
public sealed class IdAttribute(uint id) : Attribute
{
    /// <summary>The number.</summary>
    public uint Id { get; } = id;
}

/// <summary>The name that stands for a type or a method on the wire.</summary>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Struct | AttributeTargets.Enum | AttributeTargets.Interface | AttributeTargets.Method)]
public sealed class AliasAttribute(string alias) : Attribute
{
    /// <summary>The name. One of a generic type ends with a backtick and the number of its parameters.</summary>
    public string Alias { get; } = alias;
}

/// <summary>Promises that nobody changes the value, so that a copy may be the value itself.</summary>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Struct | AttributeTargets.Property | AttributeTargets.Field | AttributeTargets.Parameter | AttributeTargets.ReturnValue)]
public sealed class ImmutableAttribute : Attribute;

/// <summary>Values of the type are created by an activator that carries <see cref="RegisterActivatorAttribute"/>.</summary>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Struct)]
public sealed class UseActivatorAttribute : Attribute;

/// <summary>The constructor through which a value is created when it is read; its parameters are services.</summary>
[AttributeUsage(AttributeTargets.Constructor)]
public sealed class GeneratedActivatorConstructorAttribute : ActivatorUtilitiesConstructorAttribute;

/// <summary>Marks an activator, so that it is found.</summary>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Struct)]
public sealed class RegisterActivatorAttribute : Attribute;

/// <summary>Marks an <see cref="IConverter{TValue, TSurrogate}"/>, so that it is found.</summary>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Struct)]
public sealed class RegisterConverterAttribute : Attribute;

/// <summary>Objects of the class are written again each time they occur: cheaper, but identity is lost and a cycle fails.</summary>
[AttributeUsage(AttributeTargets.Class)]
public sealed class SuppressReferenceTrackingAttribute : Attribute;
