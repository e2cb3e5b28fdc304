namespace System.Runtime.CompilerServices;

/// <summary>Lets the assembly that carries it use what is internal to another one. The runtime knows it by name.</summary>
[AttributeUsage(AttributeTargets.Assembly, AllowMultiple = true)]
internal sealed class IgnoresAccessChecksToAttribute(string assemblyName) : Attribute
{
    public string AssemblyName { get; } = assemblyName;
}
